//! What does background work do, when again, and when do nodes fall into step?

use crate::*;
use models::faults::PeriodicJob;
use models::ids::NodeId;
use std::collections::BTreeMap;

/// Replicas with one worker each, few calls, and a job that lasts from 1 s to the horizon less 1 s.
fn system(replicas: u32, per_second: u64, horizon: u64, job: PeriodicJob) -> SystemSpec {
    let way = link("app", "server", Distribution::Constant(ms(10)));
    let servers = Service { replicas, workers: 1, ..service(Distribution::Constant(ms(5))) };
    let mut spec = pair(clients(10, "server", poisson(per_second)), servers, way, vec![timeout(ms(60_000))]);
    spec.clockwork.horizon = SimDuration::from_secs(horizon);
    spec.faults = vec![PlannedFault::once(AnyFault::PeriodicJob(job), ms(1_000), Some(SimDuration::from_secs(horizon - 2)))];
    spec
}

fn job(work: u64, rest: Distribution, shared: bool) -> PeriodicJob {
    PeriodicJob { node: Names::one("server"), domain: Names::default(), work: Distribution::Constant(ms(work)), rest, shared }
}

/// Begin and end of every run, by node.
fn runs(ended: &Ended) -> BTreeMap<NodeId, Vec<(SimTime, SimTime)>> {
    let mut runs: BTreeMap<NodeId, Vec<(SimTime, SimTime)>> = BTreeMap::new();
    for &(instant, record) in &ended.seen {
        match record {
            Record::JobBegan(node) => runs.entry(node).or_default().push((instant, SimTime::MAX)),
            Record::JobEnded(node) => {
                let run = runs.get_mut(&node).and_then(|runs| runs.iter_mut().find(|run| run.1 == SimTime::MAX));
                run.expect("a run that ends was begun").1 = instant;
            }
            _ => {}
        }
    }
    runs
}

fn is_over(ended: &Ended) {
    let messages = ended.measures.messages;
    assert_eq!(messages.sent + messages.copied, messages.arrived + messages.all_lost());
    assert_eq!(ended.in_use, (0, 0));
    assert_eq!(ended.environment, Environment::new(ended.plan.nodes.len(), ended.plan.topology.routes().len()));
}

#[test]
fn a_run_begins_its_rest_after_the_end_of_the_last_one() {
    let mut spec = system(2, 1, 100, job(300, Distribution::Constant(ms(2_000)), false));
    spec.services[0].1.workers = 1_000;
    let ended = play(&spec, 1);
    is_over(&ended);
    let runs = runs(&ended);
    assert_eq!(runs.len(), 2);
    for runs in runs.values() {
        assert!((at(1_000)..at(3_000)).contains(&runs[0].0), "the first one comes within one rest");
        assert!(runs.iter().all(|(began, over)| *over == *began + ms(300)));
        assert!(runs.windows(2).all(|pair| pair[1].0 == pair[0].1 + ms(2_000)));
        // 98 s by 2.3 s; none begins after the fault.
        assert!((42..=43).contains(&runs.len()) && runs.iter().all(|(began, _)| *began < at(99_000)), "{}", runs.len());
    }
    // It is work, and no call.
    let count: usize = runs.values().map(Vec::len).sum();
    assert_eq!(ended.measures.work, ms(300) * count as u64 + ms(5) * ended.measures.calls);
    assert_eq!(ended.measures.wasted_work, SimDuration::ZERO);
    let calm = play(&SystemSpec { faults: Vec::new(), ..spec }, 1);
    let calls = |ended: &Ended| {
        let of_jobs =
            |record: &Record| matches!(record, Record::JobBegan(_) | Record::JobEnded(_) | Record::FaultBegan(..) | Record::FaultEnded(..));
        ended.seen.iter().copied().filter(|(_, record)| !of_jobs(record)).collect::<Records>()
    };
    assert!(calls(&calm) == calls(&ended), "who has workers to spare does not notice");
}

#[test]
fn a_run_waits_its_turn_and_requests_wait_for_it() {
    let mut spec = system(1, 100, 100, job(300, Distribution::Constant(ms(2_000)), false));
    spec.services[0].1.queue = Queue::Fifo(Fifo { limit: Some(40), ..Fifo::default() });
    let ended = play(&spec, 2);
    is_over(&ended);
    let runs = runs(&ended).remove(&NodeId(1)).expect("there is one server");
    let (mut spells, mut waited) = (runs.clone(), false);
    for (instant, record) in &ended.seen {
        match record {
            Record::Started(..) => spells.push((*instant, *instant + ms(5))),
            Record::Queued(..) => waited = true,
            _ => {}
        }
    }
    spells.sort_unstable();
    assert!(spells.windows(2).all(|pair| pair[0].1 <= pair[1].0), "there is one worker");
    // A rest is never cut short, and the wait for a busy worker comes on top of it.
    let waits: Vec<_> = runs.windows(2).map(|pair| pair[1].0 - pair[0].1 - ms(2_000)).collect();
    assert!(waited && waits.iter().any(|wait| !wait.is_zero()) && waits.iter().all(|wait| *wait < ms(100)));
    assert_eq!(ended.measures.work, ms(300) * runs.len() as u64 + ms(5) * ended.measures.succeeded);
}

#[test]
fn a_crash_kills_a_run_and_a_slow_node_stretches_it() {
    let mut spec = system(1, 1, 40, job(1_000, Distribution::Constant(ms(2_000)), false));
    spec.clients[0].1 = clients(1, "server", once());
    let calm = runs(&play(&spec, 3)).remove(&NodeId(1)).expect("it works");
    let (began, over) = calm[2];
    // Down from the middle of the third run for 2.5 s: its rest begins at the crash, ends while the node is down, and is taken again.
    let crashed = began.since_start() + ms(500);
    spec.faults.push(crash("server", crashed, Some(ms(2_500)), WhileDown::Silence));
    let ended = play(&spec, 3);
    is_over(&ended);
    let seen = runs(&ended).remove(&NodeId(1)).expect("it works");
    assert_eq!(seen[..2], calm[..2]);
    assert_eq!(seen[2].0, began);
    let ends: Vec<_> = ended.seen.iter().filter(|(_, record)| matches!(record, Record::JobEnded(_))).map(|(instant, _)| *instant).collect();
    assert_eq!(ends[2], began + ms(500) + ms(4_000) + ms(1_000), "the third run to come to an end");
    assert_eq!(ended.measures.wasted_work, ms(500));
    spec.faults[1] = slow("server", 3.0, crashed, Some(ms(60_000)));
    let ended = play(&spec, 3);
    let seen = runs(&ended).remove(&NodeId(1)).expect("it works");
    assert_eq!(seen[2], (began, over + ms(1_000)));
    assert_eq!(seen[3], (over + ms(3_000), over + ms(6_000)));
}

/// How many busy spells of background work a server has on average in a time, in the first and the last tenth of a run.
fn spells(rest: Distribution, shared: bool, seed: u64) -> (usize, usize) {
    let mut spec = system(10, 1, 6_000, job(200, rest, shared));
    spec.clients[0].1 = clients(1, "server", once());
    spec.services[0].1.replicas = 10;
    let ended = play(&spec, seed);
    is_over(&ended);
    let runs = runs(&ended).remove(&NodeId(1)).expect("it works");
    let begins: Vec<_> = runs.windows(2).filter(|pair| pair[1].0 > pair[0].1).map(|pair| pair[1].0).collect();
    let within = |from, to| begins.iter().filter(|begin| (at(from)..at(to)).contains(begin)).count();
    (within(0, 600_000), within(5_400_000, 6_000_000))
}

#[test]
fn nodes_that_work_for_each_other_fall_into_step_unless_their_rests_differ() {
    for seed in 1..4 {
        // Rests of 20 s that differ by less than the 0.2 s of a run: two whose timers come to less than that of each other stay
        // together, take longer for a round than the others, and meet them one by one.
        let (first, last) = spells(Distribution::Uniform { low: ms(19_900), high: ms(20_100) }, true, seed);
        assert!(first > 100, "they begin at different times: {first}");
        assert!((26..=28).contains(&last), "a round of all ten takes 19.9 s and 2 s, 600 s have 27: {last}");
        let (_, last) = spells(Distribution::Uniform { low: ms(10_000), high: ms(30_000) }, true, seed);
        assert!(last > 200, "a rest that varies by more than the work takes keeps them apart: {last}");
        let (_, alone) = spells(Distribution::Constant(ms(20_000)), false, seed);
        assert!((29..=30).contains(&alone), "who works for itself has a round of 20.2 s: {alone}");
    }
}

#[test]
fn a_job_belongs_to_services_and_says_how_long_it_works_and_rests() {
    let wrong = PeriodicJob { node: Names::one("nobody"), ..job(1, exponential(SimDuration::ZERO), false) };
    let complaints = Plan::new(&system(1, 1, 10, wrong)).expect_err("two things are wrong");
    let fields: Vec<_> = complaints.into_iter().map(|complaint| complaint.field).collect();
    assert!(fields.iter().any(|field| field.starts_with("faults[0].rest")) && fields.contains(&"faults[0].node".to_owned()), "{fields:?}");
}
