//! What is remembered by object and by replica: caches, coalesced calls, idempotency keys, probes.

use models::outcome::{Failure, Outcome};
use models::strategies::cache::{Cache, Claim, Coalesce, Flights, Freshness, IdempotencyKeys, Joined, Keeps, Keys, Store};
use models::strategies::health::{AnyHealthCheck, EnvoyHealthCheck, Health, KubernetesProbe, ProbeKind, Probed};
use models::strategies::{Scope, Ticket};
use sim_core::draw::{Draw, Key, Seed};
use sim_core::time::{SimDuration, SimTime};

const fn secs(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

const fn at_s(secs: u64) -> SimTime {
    SimTime::from_nanos(secs * 1_000_000_000)
}

fn draw(ordinal: u64) -> Draw {
    Seed::new(2).draws(Key::named("kept").child(ordinal), 0).share()
}

fn cache(max_objects: u32) -> Cache {
    Cache {
        lifetime: secs(10),
        stale_while_revalidate: secs(5),
        stale_if_error: secs(30),
        hit_ratio: None,
        max_objects,
        per: Scope::Process,
    }
}

#[test]
fn a_full_cache_forgets_the_object_that_was_not_used_for_longest() {
    let rule = cache(2);
    let mut store = rule.fresh();
    for object in [1, 2] {
        rule.answered(&mut store, object, at_s(0));
    }
    assert_eq!(rule.look_up(&mut store, 1, at_s(1)), Freshness::Fresh);
    rule.answered(&mut store, 3, at_s(1));
    assert_eq!([1, 2, 3].map(|object| rule.look_up(&mut store, object, at_s(2))), [Freshness::Fresh, Freshness::Miss, Freshness::Fresh]);
    store.clear();
    assert_eq!((rule.look_up(&mut store, 1, at_s(2)), store.is_empty()), (Freshness::Miss, true));
}

#[test]
fn a_cache_never_keeps_more_than_it_may_and_a_clone_keeps_the_same() {
    let rule = cache(50);
    let mut store = rule.fresh();
    let step = |store: &mut Store, n: u64| {
        let (object, now) = (draw(n).index(200), SimTime::from_nanos(n * 100_000_000));
        let found = rule.look_up(store, object, now);
        if found == Freshness::Miss || found == (Freshness::Stale { refresh: true }) {
            match draw(n).further(1).index(4) {
                0 => drop(rule.failed(store, object, now)),
                _ => rule.answered(store, object, now),
            }
        }
        assert!(store.len() <= 50);
        found
    };
    for n in 0..5_000 {
        step(&mut store, n);
    }
    assert_eq!(store.len(), 50);
    let mut twin = store.clone();
    for n in 5_000..6_000 {
        assert_eq!(step(&mut store, n), step(&mut twin, n));
    }
}

#[test]
fn a_stale_answer_is_fetched_anew_by_one_call_at_a_time() {
    let rule = cache(10);
    let mut store = rule.fresh();
    rule.answered(&mut store, 1, at_s(0));
    let stale = |refresh| Freshness::Stale { refresh };
    assert_eq!([1, 2].map(|_| rule.look_up(&mut store, 1, at_s(12))), [stale(true), stale(false)]);
    rule.failed(&mut store, 1, at_s(13));
    assert_eq!(rule.look_up(&mut store, 1, at_s(14)), stale(true), "the fetch failed: the next call tries");
    rule.answered(&mut store, 1, at_s(14));
    assert_eq!(rule.look_up(&mut store, 1, at_s(23)), Freshness::Fresh);
}

#[test]
fn an_answer_may_be_served_when_the_callee_fails_up_to_its_last_moment() {
    let rule = cache(10);
    let mut store = rule.fresh();
    rule.answered(&mut store, 1, at_s(0));
    assert_eq!(
        (rule.failed(&mut store, 1, at_s(40)), rule.failed(&mut store, 1, at_s(41)), rule.failed(&mut store, 2, at_s(1))),
        (true, false, false)
    );
    let strict = Cache { stale_if_error: SimDuration::ZERO, ..rule };
    assert!(!strict.failed(&mut store, 1, at_s(5)), "nothing was said of errors");
}

#[test]
fn every_call_that_joins_ends_once_and_somebody_always_leads() {
    let mut flights = Flights::default();
    // Objects by leader, and tickets that have neither ended nor been given up.
    let mut leaders = [None; 5];
    let mut open: Vec<Vec<Ticket>> = vec![Vec::new(); 5];
    for n in 0..5_000 {
        let ticket = Ticket(n);
        let object = draw(n).index(5) as usize;
        match draw(n).further(1).index(4) {
            0 | 1 => {
                let joined = flights.join(object as u64, ticket);
                assert_eq!(joined == Joined::Leads, leaders[object].is_none());
                leaders[object].get_or_insert(ticket);
                open[object].push(ticket);
            }
            2 => {
                if let Some(leader) = leaders[object].take() {
                    let mut ended = flights.ended(object as u64, leader);
                    ended.push(leader);
                    ended.sort_unstable();
                    assert_eq!(ended, std::mem::take(&mut open[object]));
                }
            }
            _ => {
                if open[object].is_empty() {
                    continue;
                }
                let place = draw(n).further(2).index(open[object].len() as u64) as usize;
                let gone = open[object].remove(place);
                let next = flights.give_up(object as u64, gone);
                if leaders[object] == Some(gone) {
                    assert_eq!(next, open[object].first().copied(), "who waits longest leads");
                    leaders[object] = next;
                } else {
                    assert_eq!(next, None);
                }
            }
        }
        assert_eq!(flights.len(), leaders.iter().flatten().count());
    }
    assert_eq!(Coalesce::default().per, Scope::Process);
}

#[test]
fn a_request_is_executed_once_for_each_key_and_its_failure_is_replayed_too() {
    let rule = IdempotencyKeys { ttl: secs(10), max_keys: 100, keeps: Keeps::Results };
    let mut keys = Keys::default();
    assert_eq!([1, 1, 2].map(|parameters| rule.claim(&mut keys, 7, parameters, at_s(0))), [Claim::Execute, Claim::Held, Claim::Mismatch]);
    rule.dropped(&mut keys, 7);
    assert_eq!(rule.claim(&mut keys, 7, 2, at_s(1)), Claim::Execute, "nothing was stored of what was not executed");
    let failed = Outcome::Failed(Failure::ServerError);
    rule.executed(&mut keys, 7, failed, at_s(2));
    rule.dropped(&mut keys, 7);
    assert_eq!(rule.claim(&mut keys, 7, 2, SimTime::from_nanos(11_999_999_999)), Claim::Replay(failed));
    assert_eq!(rule.claim(&mut keys, 7, 2, at_s(12)), Claim::Execute, "it is kept for ten seconds");
    let (rule, mut keys) = (IdempotencyKeys { keeps: Keeps::Successes, ..rule }, Keys::default());
    for outcome in [failed, Outcome::Success] {
        assert_eq!(rule.claim(&mut keys, 7, 2, at_s(1)), Claim::Execute, "a failure had no effect");
        rule.executed(&mut keys, 7, outcome, at_s(1));
    }
    assert_eq!(rule.claim(&mut keys, 7, 2, at_s(2)), Claim::Replay(Outcome::Success));
}

#[test]
fn a_server_keeps_no_more_keys_than_it_may() {
    let rule = IdempotencyKeys { ttl: secs(1_000), max_keys: 100, ..IdempotencyKeys::default() };
    let mut keys = Keys::default();
    for key in 0..1_000 {
        assert_eq!(rule.claim(&mut keys, key, 0, at_s(key)), Claim::Execute);
        rule.executed(&mut keys, key, Outcome::Success, at_s(key));
        assert!(keys.len() <= 100);
    }
    assert_eq!(
        (rule.claim(&mut keys, 900, 0, at_s(999)), rule.claim(&mut keys, 899, 0, at_s(999))),
        (Claim::Replay(Outcome::Success), Claim::Execute)
    );
}

fn envoy() -> EnvoyHealthCheck {
    EnvoyHealthCheck {
        timeout: secs(2),
        interval: secs(5),
        unhealthy_threshold: 3,
        healthy_threshold: 2,
        no_traffic_interval: secs(60),
        unhealthy_interval: Some(secs(9)),
    }
}

#[test]
fn the_first_result_of_an_active_check_decides_alone() {
    for (probed, is_well) in [(Probed::Well, true), (Probed::Silent, false), (Probed::Unexpected, false)] {
        let mut health = Health::new(!is_well);
        assert!(envoy().probed(&mut health, probed));
        assert_eq!(health.is_well(), is_well);
    }
}

#[test]
fn an_unexpected_status_is_believed_at_once_and_silence_after_some_times() {
    let rule = AnyHealthCheck::from(envoy());
    let mut health = Health::new(true);
    let mut states = |results: &[Probed]| {
        results
            .iter()
            .map(|probed| {
                rule.probed(&mut health, *probed);
                health.is_well()
            })
            .collect::<Vec<bool>>()
    };
    use Probed::{Silent, Unexpected, Well};
    assert_eq!(states(&[Well, Silent, Silent, Well, Silent, Silent, Silent]), [true, true, true, true, true, true, false]);
    assert_eq!(states(&[Well, Silent, Well, Well]), [false, false, false, true]);
    assert_eq!(states(&[Unexpected]), [false]);
}

#[test]
fn the_wait_between_active_checks_goes_by_traffic_and_health() {
    let (well, ill) = (Health::new(true), Health::new(false));
    assert_eq!((envoy().wait(&well, true), envoy().wait(&ill, true), envoy().wait(&ill, false)), (secs(5), secs(9), secs(60)));
    let rule = EnvoyHealthCheck { unhealthy_interval: None, ..envoy() };
    assert_eq!(rule.wait(&ill, true), secs(5));
}

#[test]
fn a_kubernetes_probe_counts_results_in_a_row() {
    let rule = KubernetesProbe { success_threshold: 2, ..KubernetesProbe::default() };
    let mut health = rule.fresh();
    assert!(!health.is_well(), "nobody is ready before it was probed");
    let mut states = |results: &[Probed]| {
        results
            .iter()
            .map(|probed| {
                rule.probed(&mut health, *probed);
                health.is_well()
            })
            .collect::<Vec<bool>>()
    };
    use Probed::{Silent, Unexpected, Well};
    assert_eq!(states(&[Well, Silent, Well, Well]), [false, false, false, true]);
    assert_eq!(states(&[Silent, Unexpected, Well, Silent, Unexpected, Silent]), [true, true, true, true, true, false]);
}

#[test]
fn a_probe_that_lasts_longer_than_its_period_delays_the_next() {
    let rule = KubernetesProbe { initial_delay: secs(3), period: secs(5), ..KubernetesProbe::default() };
    assert_eq!((rule.first(at_s(1)), rule.next(at_s(4), at_s(5)), rule.next(at_s(4), at_s(11))), (at_s(4), at_s(9), at_s(11)));
}

#[test]
fn what_makes_no_sense_is_refused_by_the_name_of_its_field() {
    let fields = |complaints: Vec<models::registry::Complaint>| complaints.into_iter().map(|complaint| complaint.field).collect::<Vec<_>>();
    assert_eq!(fields(Cache { lifetime: SimDuration::ZERO, ..cache(0) }.check()), ["lifetime", "max_objects"]);
    assert_eq!(fields(IdempotencyKeys { ttl: SimDuration::ZERO, max_keys: 0, ..IdempotencyKeys::default() }.check()), ["ttl", "max_keys"]);
    let probe = KubernetesProbe { kind: ProbeKind::Liveness, success_threshold: 2, failure_threshold: 0, ..KubernetesProbe::default() };
    assert_eq!(fields(AnyHealthCheck::from(probe).check()), ["failure_threshold", "success_threshold"]);
    let check = EnvoyHealthCheck { interval: SimDuration::ZERO, unhealthy_interval: None, healthy_threshold: 0, ..envoy() };
    assert_eq!(fields(AnyHealthCheck::from(check).check()), ["interval", "unhealthy_interval", "healthy_threshold"]);
}
