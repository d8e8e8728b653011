//! Further copies: gRPC, Polly, Finagle.

use super::{at, at_s, ms};
use models::outcome::{Code, Failure, Hint, Outcome};
use models::strategies::Scope;
use models::strategies::hedge::{AnyHedge, BackupRequests, FailedCopy, Flavour, Grpc, Hedging, Orders, Polly};
use sim_core::time::SimTime;
use sim_core::units::{Share, SignedDuration};

const UNAVAILABLE: Outcome = Outcome::Failed(Failure::Overload);

/// When copies go out, in milliseconds, if these failures come, each of the copy that was sent first of those under way.
fn sends(hedge: &AnyHedge, failures: &[(u64, Option<Hint>)]) -> Vec<u64> {
    let mut memory = hedge.fresh(SimTime::ZERO);
    let (mut call, mut orders) = hedge.started(&mut memory, &mut || true, SimTime::ZERO);
    let mut sent = vec![0; 1 + orders.copies as usize];
    let mut failures = failures.iter().enumerate().peekable();
    let mut failed = 0;
    while orders.end.is_none() {
        let failure = failures.peek().map(|(_, (millis, _))| at(*millis));
        let now = match (orders.wake, failure) {
            (None, None) => break,
            (Some(wake), None) => wake,
            (None, Some(failure)) => failure,
            (Some(wake), Some(failure)) => wake.min(failure),
        };
        orders = if failure == Some(now) {
            let (copy, (_, hint)) = failures.next().expect("it was seen");
            failed += 1;
            let in_flight = sent.len() as u32 - failed;
            let took = now.saturating_since(at(sent[copy]));
            let failed = FailedCopy { copy: copy as u32, outcome: UNAVAILABLE, hint: *hint, in_flight, took };
            hedge.failed(&mut memory, &mut call, &failed, &mut || true, now)
        } else {
            hedge.due(&mut memory, &mut call, &mut || true, now)
        };
        sent.extend(std::iter::repeat_n(now.as_nanos() / 1_000_000, orders.copies as usize));
    }
    sent
}

fn grpc(flavour: Flavour) -> AnyHedge {
    Grpc { max_attempts: 4, hedging_delay: ms(500), non_fatal_status_codes: vec![Code::Unavailable], retry_throttling: None, flavour }
        .into()
}

pub fn grpc_1() {
    assert_eq!(sends(&grpc(Flavour::A6), &[]), [0, 500, 1000, 1500]);
}

pub fn grpc_2() {
    assert_eq!(sends(&grpc(Flavour::A6), &[(200, None)]), [0, 200, 700, 1200]);
}

pub fn grpc_3() {
    assert_eq!(sends(&grpc(Flavour::A6), &[(200, Some(Hint::After(ms(300))))]), [0, 500, 1000, 1500]);
}

pub fn grpc_4() {
    let sends = |hint| sends(&grpc(Flavour::Java), &[(200, hint)]);
    assert_eq!(sends(None), [0, 500, 1000, 1500]);
    assert_eq!(sends(Some(Hint::After(ms(300)))), [0, 200, 700, 1200]);
    assert_eq!(sends(Some(Hint::Never)), [0]);
}

pub fn polly_5() {
    let polly = |millis: i64| -> AnyHedge {
        Polly { max_hedged_attempts: 2, delay: SignedDuration::from_nanos(millis * 1_000_000), ignore: Vec::new() }.into()
    };
    assert_eq!(sends(&polly(500), &[]), [0, 500, 1000]);
    assert_eq!(sends(&polly(500), &[(200, None)]), [0, 200, 700]);
    assert_eq!(sends(&polly(0), &[]), [0, 0, 0]);
    assert_eq!(sends(&polly(-1), &[(200, None), (900, None)]), [0, 200, 900]);
    assert_eq!(sends(&polly(-1), &[]), [0]);
}

pub fn backup_requests_6() {
    let rule = BackupRequests { max_extra_load: Share::percent(1), min_send_backup_after: ms(1), per: Scope::Process };
    let copies = |orders: Orders| orders.copies;
    let mut memory = rule.fresh(SimTime::ZERO);
    for millis in 1..=100 {
        let (call, orders) = rule.started(&mut memory, &mut || true, at(20 * millis));
        assert_eq!(orders.wake, None, "no delay is known before the first refresh");
        rule.succeeded(&mut memory, &call, 0, ms(millis), at(20 * millis));
    }
    let (mut call, orders) = rule.started(&mut memory, &mut || true, at(3_000));
    assert_eq!(orders.wake, Some(at(3_099)), "the 99th percentile");
    assert_eq!(copies(rule.due(&mut memory, &mut call, &mut || true, at(3_099))), 1);
    let (mut call, _) = rule.started(&mut memory, &mut || true, at(3_100));
    assert_eq!(copies(rule.due(&mut memory, &mut call, &mut || true, at(3_199))), 0, "one for every hundred");

    // Nine calls a second, all of them slow, for half a minute: 90 in any 10 s.
    let mut memory = rule.fresh(SimTime::ZERO);
    let backups: u32 = (0..270)
        .map(|n| {
            let now = at(n * 1_000 / 9);
            let (mut call, _) = rule.started(&mut memory, &mut || true, now);
            copies(rule.due(&mut memory, &mut call, &mut || true, now))
        })
        .sum();
    assert_eq!(backups, 0);
    // And 20 a second: about one in a hundred.
    let mut memory = rule.fresh(SimTime::ZERO);
    let backups: u32 = (0..2_000)
        .map(|n| {
            let now = at(n * 50);
            let (mut call, _) = rule.started(&mut memory, &mut || true, now);
            copies(rule.due(&mut memory, &mut call, &mut || true, now))
        })
        .sum();
    assert!((10..=20).contains(&backups), "{backups} of 2000, up to {}", at_s(100));
}
