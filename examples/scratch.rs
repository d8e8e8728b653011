//! scratch
use scenarios::text::Source;
fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let shipped = scenarios::library::find(&name);
    let source = match shipped { Some(s) => Source::new(name.clone(), s.text), None => Source::new(name.clone(), std::fs::read_to_string(&name).expect("file")) };
    let changes: Vec<_> = std::env::args().skip(2).map(|a| { let (p, v) = a.split_once('=').map(|(a,b)|(a.to_owned(),b.to_owned())).expect("="); (p, v) }).collect();
    match scenarios::read(source, &name, &changes) {
        Err((source, problems)) => println!("{}", problems.render(&source, false)),
        Ok(s) => {
            let t = std::time::Instant::now();
            let r = scenarios::sweep::sweep(&s, &Default::default(), &mut scenarios::journal::Journal::nowhere(), scenarios::sweep::SweepOptions { jobs: 2, go_on: &|| true, progress: &mut |_, _| {} }).expect("ok");
            println!("{} runs in {:?}", r.runs.len(), t.elapsed());
            for (c, cell) in (0..).zip(&r.manifest.cells) {
                for (a, arm) in (0..).zip(&r.manifest.arms) {
                    let runs: Vec<_> = r.runs_of(c, a).collect();
                    let n = runs.len() as f64;
                    let calls: u64 = runs.iter().map(|(_, m)| m.calls).sum();
                    let ok: u64 = runs.iter().map(|(_, m)| m.succeeded).sum();
                    let att: u64 = runs.iter().map(|(_, m)| m.edges[0].attempts).sum();
                    let time: f64 = runs.iter().map(|(_, m)| m.last_success.map_or(0.0, |t| t.as_secs_f64())).sum::<f64>() / n;
                    let stuck = runs.iter().filter(|(_, m)| m.stuck).count();
                    let ev: u64 = runs.iter().map(|(_, m)| m.events).sum();
                    let m = runs[0].1;
                    println!("{cell:?} {arm:18} avail {:.4} attempts/run {:.2} amp {:.3} t {:.1}ms stuck {stuck}/{n} events {ev} p50 {} p99 {} ep {:?}", ok as f64/calls as f64, att as f64/n, att as f64/calls as f64, time*1e3, m.latency.p50, m.latency.p99, m.episodes.iter().map(|e| format!("{:?}", e.recovery)).collect::<Vec<_>>());
                }
            }
        }
    }
}
