//! Queues.

use super::secs;
use models::brokers::{Backlog, Message, Order, Rules};
use sim_core::draw::Key;
use sim_core::time::{SimDuration, SimTime};

/// When, in seconds, a message is handed out that nobody deletes and somebody asks for at once, and when it is a dead letter.
fn deliveries(rules: &Rules) -> (Vec<u64>, Option<u64>) {
    let seconds = |at: SimTime| at.as_nanos() / 1_000_000_000;
    let (mut backlog, mut now, mut delivered) = (Backlog::default(), SimTime::ZERO, Vec::new());
    backlog.store(rules, Message { key: Key::named("producer"), ..Message::default() }, (now, now));
    for _ in 0..100 {
        let mut dead = Vec::new();
        let handed = backlog.take(rules, 1, now.saturating_add(rules.visibility), &mut dead);
        if !dead.is_empty() {
            assert!(handed.is_empty() && backlog.account().is_balanced());
            return (delivered, Some(seconds(now)));
        }
        delivered.extend(handed.iter().map(|_| seconds(now)));
        now = backlog.next(rules);
        backlog.pass_time(rules, now, &mut Vec::new());
    }
    (delivered, None)
}

pub fn sqs_1() {
    let visibility = secs(30);
    let (order, durable) = (Order::Standard, true);
    let rules = Rules { limit: None, order, visibility, max_receives: Some(3), deduplication: None, retention: None, durable };
    assert_eq!(deliveries(&rules), (vec![0, 30, 60], Some(90)));
    let rules = Rules { max_receives: Some(1), visibility: SimDuration::from_secs(43_200), order: Order::PerKey, ..rules };
    assert_eq!(deliveries(&rules), (vec![0], Some(43_200)));
}
