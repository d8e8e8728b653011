//! Who is let in at the door of a service, and what its callers do not send.

use crate::*;
use models::outcome::{Failure, Outcome};
use models::services::AnyAdmission;
use models::services::admission::{Dagor, HealthThrottle, RateLimit, Shedding};
use models::strategies::Scope;
use models::strategies::limiter::{AnyLimiter, Gcra, TokenBucket};
use models::strategies::throttle::{AnyThrottle, EnvoyAdmission};
use models::workloads::Class;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Any admission controls that name no class; most often none.
pub fn some_admission() -> impl Strategy<Value = Vec<AnyAdmission>> {
    let scope = prop_oneof![Just(Scope::Client), Just(Scope::Process), Just(Scope::Edge), Just(Scope::Endpoint)];
    let control = prop_oneof![
        (1_u64..200, 1_u32..5, scope).prop_map(|(rate, burst, per)| {
            RateLimit { limiter: TokenBucket { rate: Rate::per_second(rate), burst, per }.into() }.into()
        }),
        (1_u64..60).prop_map(|slow| {
            let throttle = EnvoyAdmission { sampling_window: SimDuration::from_secs(1), ..EnvoyAdmission::default() }.into();
            HealthThrottle { throttle, too_slow: Some(ms(slow)) }.into()
        }),
        (1_u64..20).prop_map(|wait| Dagor { window: ms(50), queue_wait: ms(wait), ..Dagor::default() }.into()),
    ];
    prop_oneof![2 => Just(Vec::new()), 1 => control.prop_map(|control| vec![control])]
}

/// How calls ended, each at its instant.
fn ends(ended: &Ended) -> Vec<(SimTime, Outcome)> {
    let end = |(at, record): &(SimTime, Record)| if let Record::CallEnded(_, outcome) = record { Some((*at, *outcome)) } else { None };
    ended.seen.iter().filter_map(end).collect()
}

/// Calls that come at a rate to one worker, over a link that takes a millisecond.
fn busy_server(rate: u64, queue: Queue, admission: Vec<AnyAdmission>) -> SystemSpec {
    let server = Service { workers: 1, queue, admission, ..service(Distribution::Constant(ms(10))) };
    let clients = clients(100, "server", poisson(rate));
    let mut spec = pair(clients, server, link("app", "server", Distribution::Constant(ms(1))), vec![timeout(SimDuration::from_secs(2))]);
    spec.clockwork.horizon = SimDuration::from_secs(20);
    spec
}

fn shares(ended: &Ended) -> BTreeMap<&'static str, usize> {
    ends(ended).into_iter().fold(BTreeMap::new(), |mut counts, (_, outcome)| {
        *counts.entry(outcome.name()).or_default() += 1;
        counts
    })
}

fn observed(ended: &Ended, name: &str) -> i64 {
    ended.measures.observations.iter().find(|one| one.name == name).map_or(0, |one| one.value)
}

#[test]
fn a_client_that_asks_too_much_is_told_so_at_once_and_the_others_do_not_notice() {
    let limiters: [AnyLimiter; 2] = [
        TokenBucket { rate: Rate::per_second(1), burst: 3, per: Scope::Client }.into(),
        Gcra { rate: Rate::per_second(1), tolerance: SimDuration::from_secs(2), per: Scope::Client }.into(),
    ];
    for limiter in limiters {
        let server = Service { admission: vec![RateLimit { limiter }.into()], ..service(Distribution::Constant(ms(10))) };
        // Two clients, each of which calls every 100 ms.
        let each = clients(2, "server", closed(Distribution::Constant(ms(88))));
        let mut spec = pair(each, server, link("app", "server", Distribution::Constant(ms(1))), Vec::new());
        spec.clockwork.horizon = SimDuration::from_secs(10);
        let ended = play(&spec, 1);
        let counts = shares(&ended);
        // Three at once and one a second each, over ten seconds.
        let good = counts["ok"];
        assert!((24..=28).contains(&good), "{counts:?}");
        assert!(counts["throttled"] > 100);
        assert_eq!(counts.len(), 2);
        assert_eq!(observed(&ended, "requests throttled"), counts["throttled"] as i64);
    }
}

#[test]
fn the_least_important_is_shed_and_the_most_important_never() {
    let waits = Shedding { queue_wait: BTreeMap::from([("browse".to_owned(), ms(15))]), ..Shedding::default() };
    // Where the newest is served first, those who are served have not waited.
    let busy = Shedding {
        utilisation: BTreeMap::from([("browse".to_owned(), Share::percent(90))]),
        over: SimDuration::ZERO,
        ..Shedding::default()
    };
    for (queue, control) in [(Queue::default(), waits), (models::services::queues::Lifo::default().into(), busy)] {
        let mut spec = busy_server(200, queue, vec![control.into()]);
        let class = |weight, priority| Class { weight, priority };
        spec.clients[0].1.classes = [("browse".to_owned(), class(4, 1)), ("buy".to_owned(), class(1, 0))].into();
        let ended = play(&spec, 3);
        let counts = shares(&ended);
        let shed = counts["overload"];
        assert!(shed > 1_500, "twice as many come as can be served: {counts:?}");
        let plan = &ended.plan;
        let buys = plan.classes.iter().position(|class| class.name == "buy").unwrap() as u8;
        let mix = plan.populations[0].classes.as_ref().unwrap();
        let is_buy = |key| mix.class(key, &Seed::new(3)) == buys;
        let lost = ended.seen.iter().filter(|(_, record)| match record {
            Record::CallEnded(name, Outcome::Failed(Failure::Overload)) => is_buy(name.key),
            _ => false,
        });
        assert_eq!(lost.count(), 0, "who buys is never shed");
    }
}

#[test]
fn a_server_that_answers_too_slowly_lets_fewer_in() {
    let throttle: AnyThrottle = EnvoyAdmission { sampling_window: SimDuration::from_secs(2), ..EnvoyAdmission::default() }.into();
    let control = HealthThrottle { throttle, too_slow: Some(ms(100)) };
    let with = shares(&play(&busy_server(200, Queue::default(), vec![control.into()]), 1));
    assert!(with["overload"] > 500, "{with:?}");
    let without = shares(&play(&busy_server(200, Queue::default(), Vec::new()), 1));
    assert!(!without.contains_key("overload"));
    assert!(with["ok"] > 2 * without["ok"], "those that are let in are in time: {with:?}, {without:?}");
}

#[test]
fn callers_that_have_heard_a_cut_do_not_send_what_lies_beyond_it() {
    let dagor = Dagor { window: ms(200), ..Dagor::default() };
    let queue = || Queue::from(Fifo { limit: Some(50), ..Fifo::default() });
    let ended = play(&busy_server(200, queue(), vec![dagor.into()]), 1);
    let counts = shares(&ended);
    let early = observed(&ended, "calls shed by their callers");
    assert_eq!(counts["limited"] as i64, early);
    assert!(early > 500, "{counts:?}");
    let sent = ended.seen.iter().filter(|(_, record)| matches!(record, Record::Sent(..))).count();
    assert_eq!(sent + early as usize, ends(&ended).len(), "what is shed early is not sent");
    // A caller that forgets at once sends everything, and the server turns it away.
    let forgetful = Dagor { window: ms(200), forgotten_after: SimDuration::ZERO, ..Dagor::default() };
    let ended = play(&busy_server(200, queue(), vec![forgetful.into()]), 1);
    assert!(observed(&ended, "calls shed by their callers") < early / 10);
    assert!(observed(&ended, "requests refused at the door") > early / 2);
}
