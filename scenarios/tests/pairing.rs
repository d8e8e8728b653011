//! Does one strategy re-roll anything of the others? Over everything registered: the list is made of what strategies show of themselves.

use models::record::Record;
use models::registry::Complaint;
use models::strategies::backoff::{Asks, Wait};
use models::strategies::{ExternalBackoff, ExternalLayer, Layer, Vocabulary, Words, families};
use scenarios::run::run;
use scenarios::text::Source;
use scenarios::{Extent, read_with};
use sim_core::draw::Key;
use sim_core::simulation::TieBreak;
use sim_core::time::{SimDuration, SimTime};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A backoff, and a layer, from outside: both do next to nothing.
#[derive(Debug)]
struct Plain;

impl ExternalBackoff for Plain {
    fn wait(&self, _memory: &mut [u64; 2], _asks: &Asks) -> Wait {
        Wait::For(SimDuration::from_millis(30))
    }
}

impl ExternalLayer for Plain {}

fn vocabulary() -> Vocabulary {
    let layer = |_: &Words| -> Result<Arc<dyn ExternalLayer>, Vec<Complaint>> { Ok(Arc::new(Plain)) };
    let backoff = |_: &Words| -> Result<Arc<dyn ExternalBackoff>, Vec<Complaint>> { Ok(Arc::new(Plain)) };
    Vocabulary::default().layer("my-layer", layer).backoff("Quadratic", backoff)
}

/// Every registered strategy, as the layer that it is in.
fn every_layer() -> Vec<&'static str> {
    let strategies = families().into_iter().flat_map(|family| family.members);
    strategies.chain(Layer::explanations()).map(|(_, _, about)| about.example).collect()
}

/// What luck an attempt met. At a server with room for everybody nothing else takes time.
#[derive(Clone, Copy, Debug, Default)]
struct Luck {
    request_delay: Option<SimDuration>,
    demand: Option<SimDuration>,
    reply_delay: Option<SimDuration>,
}

/// What a run drew: when each call came and from whom, and the luck of every attempt.
#[derive(Default)]
struct Drawn {
    calls: BTreeMap<Key, (SimTime, u32, u32)>,
    attempts: BTreeMap<(Key, u32), Luck>,
    last: BTreeMap<(Key, u32), SimTime>,
}

impl Drawn {
    fn see(&mut self, at: SimTime, record: &Record) {
        match *record {
            Record::CallStarted(name) => {
                self.calls.insert(name.key, (at, name.client, name.ordinal));
            }
            Record::Sent(name, _) => {
                self.attempts.insert((name.call.key, name.number), Luck::default());
                self.last.insert((name.call.key, name.number), at);
            }
            Record::Started(name, _) | Record::Answered(name, ..) | Record::Delivered(name, ..) | Record::DeliveredLate(name, ..) => {
                let key = (name.call.key, name.number);
                let since = Some(at - self.last[&key]);
                let luck = self.attempts.get_mut(&key).expect("it was sent");
                match record {
                    Record::Started(..) => luck.request_delay = since,
                    Record::Answered(..) => luck.demand = since,
                    _ => luck.reply_delay = since,
                }
                self.last.insert(key, at);
            }
            _ => {}
        }
    }

    /// Attempts that both runs made had the same luck as far as they came; answers how many first ones and how many others these are.
    fn agree(&self, other: &Self) -> (usize, usize) {
        let (mut first, mut others) = (0, 0);
        for (key, ours) in &self.attempts {
            let Some(theirs) = other.attempts.get(key) else { continue };
            let pairs = [(ours.request_delay, theirs.request_delay), (ours.demand, theirs.demand), (ours.reply_delay, theirs.reply_delay)];
            for (one, two) in pairs {
                assert!(one.is_none() || two.is_none() || one == two, "attempt {key:?}: {ours:?}, {theirs:?}");
            }
            *if key.1 == 1 { &mut first } else { &mut others } += 1;
        }
        (first, others)
    }
}

/// Open load on three replicas over a link that loses a fifth of all messages, with a layer in the middle of the stack.
fn drawn(layer: &str) -> Drawn {
    let text = format!(
        r#"(schema: 1, name: "x", horizon: "2s",
            nodes: {{
                "app": Clients(count: 40, arrivals: Poisson(rate: "300/s"), calls: "server", domain: "app"),
                "server": Service(replicas: 3, workers: 100000, demand: Exponential(mean: "5ms"), domain: "server"),
            }},
            links: [Link(from: "app", to: "server", delay: LogNormal(median: "10ms", p99: "60ms"), loss: "20%")],
            stacks: {{ "app -> server": [Deadline("5s"), {layer}Timeout("80ms")] }})"#
    );
    let scenario = read_with(Source::new("x", text), "x", &[], Extent::AsWritten, &vocabulary())
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
    let mut drawn = Drawn::default();
    let mut watch = |at: SimTime, record: &Record| drawn.see(at, record);
    run(&scenario.cells[0].arms[0], 11, TieBreak::ByRank, Some(&mut watch));
    drawn
}

#[test]
fn another_layer_changes_no_arrival_no_client_and_no_luck_under_open_load() {
    let retried = drawn("Retry(attempts: 8, backoff: Immediate()), ");
    let bare = drawn("");
    assert!(bare.calls.len() > 500 && bare.attempts.len() == bare.calls.len() && retried.attempts.len() > 700);
    let layers = every_layer();
    assert!(layers.len() > 100);
    for layer in layers {
        // One that is shared by endpoint needs a layer outside that chooses one.
        let needs_endpoint = layer.contains("Accrual(");
        let balance = if needs_endpoint { "Balance(policy: Random()), " } else { "" };
        let drawn = drawn(&format!("{balance}{layer}, "));
        // A coalesced or a refreshed call is a call as well.
        assert!(bare.calls.iter().all(|(key, call)| drawn.calls.get(key) == Some(call)), "{layer}");
        let (first, _) = drawn.agree(&bare);
        assert!(first > 5, "{layer}: {first} first attempts are shared");
        let (_, others) = drawn.agree(&retried);
        let retries = drawn.attempts.keys().filter(|(_, number)| *number > 1).count();
        assert!(others == retries || others > 50, "{layer}: {others} of {retries} later attempts are shared");
    }
}
