//! Does the wheel give the same order as a sorted list, whatever is pushed and when?

use proptest::prelude::*;
use sim_core::queue::EventQueue;
use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// The oracle: a sorted list with counts, too slow to be wrong.
#[derive(Default)]
struct SortedList(BTreeMap<(SimTime, u64), u32>);

impl SortedList {
    fn push(&mut self, at: SimTime, rank: u64) {
        *self.0.entry((at, rank)).or_default() += 1;
    }

    fn pop_until(&mut self, end: SimTime) -> Option<(SimTime, u64)> {
        let (&key, count) = self.0.iter_mut().next()?;
        if key.0 > end {
            return None;
        }
        *count -= 1;
        if *count == 0 {
            self.0.remove(&key);
        }
        Some(key)
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// Push this far after the last popped instant, with this rank.
    Push(u64, u64),
    /// Push so many events at one instant.
    Burst(u64, u16),
    /// Pop so many.
    Pop(u16),
    /// Pop what is due within this length, then move the present there.
    Until(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ahead = prop_oneof![0..4_u64, 0..5_000_u64, 0..80_000_000_u64, 0..u64::MAX / 4, Just(u64::MAX)];
    let step = prop_oneof![
        6 => (ahead.clone(), 0..8_u64).prop_map(|(ahead, rank)| Step::Push(ahead, rank)),
        1 => (0..3_000_000_u64, 1..300_u16).prop_map(|(ahead, count)| Step::Burst(ahead, count)),
        3 => (0..40_u16).prop_map(Step::Pop),
        1 => (0..50_000_000_u64).prop_map(Step::Until),
    ];
    prop::collection::vec(step, 1..200)
}

fn compare(steps: &[Step]) {
    let (mut queue, mut list, mut now) = (EventQueue::new(), SortedList::default(), 0_u64);
    let push = |queue: &mut EventQueue, list: &mut SortedList, at: u64, rank: u64| {
        queue.push(SimTime::from_nanos(at), rank);
        list.push(SimTime::from_nanos(at), rank);
    };
    for step in steps {
        match *step {
            Step::Push(ahead, rank) => push(&mut queue, &mut list, now.saturating_add(ahead), rank),
            Step::Burst(ahead, count) => {
                for rank in 0..u64::from(count) {
                    // A scrambled order, so that the run cannot be sorted by luck.
                    push(&mut queue, &mut list, now.saturating_add(ahead), rank.wrapping_mul(0x9e37_79b9) % 512);
                }
            }
            Step::Pop(count) => {
                for _ in 0..count {
                    let popped = queue.pop_until(SimTime::MAX);
                    assert_eq!(popped, list.pop_until(SimTime::MAX));
                    now = popped.map_or(now, |(at, _)| at.as_nanos());
                }
            }
            Step::Until(length) => {
                let end = SimTime::from_nanos(now.saturating_add(length));
                loop {
                    let popped = queue.pop_until(end);
                    assert_eq!(popped, list.pop_until(end));
                    if popped.is_none() {
                        break;
                    }
                }
                now = end.as_nanos();
            }
        }
    }
    assert_eq!(queue.len(), list.0.values().map(|&count| count as usize).sum::<usize>());
    assert_eq!(queue.next_at(), list.0.keys().next().map(|&(at, _)| at));
    while let Some(expected) = list.pop_until(SimTime::MAX) {
        assert_eq!(queue.pop_until(SimTime::MAX), Some(expected));
    }
    assert!(queue.is_empty());
    assert_eq!(queue.pop_until(SimTime::MAX), None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]
    #[test]
    fn the_wheel_pops_in_the_order_of_a_sorted_list(steps in steps()) {
        compare(&steps);
    }
}

#[test]
fn a_hundred_thousand_events_at_one_instant_leave_in_order_of_rank() {
    let mut queue = EventQueue::new();
    let at = SimTime::from_nanos(5_000_000);
    for rank in 0..100_000_u64 {
        queue.push(at, rank.wrapping_mul(48_271) % 100_003);
    }
    let ranks: Vec<_> = std::iter::from_fn(|| queue.pop_until(at)).map(|(_, rank)| rank).collect();
    assert_eq!(ranks.len(), 100_000);
    assert!(ranks.is_sorted());
}

#[test]
fn a_burst_into_the_slot_in_service_leaves_in_order_of_rank() {
    let mut queue = EventQueue::new();
    queue.push(SimTime::from_nanos(1), 0);
    assert!(queue.pop_until(SimTime::MAX).is_some());
    for rank in 0..100_000_u64 {
        queue.push(SimTime::from_nanos(2 + rank % 3), rank.wrapping_mul(48_271) % 100_003);
    }
    let popped: Vec<_> = std::iter::from_fn(|| queue.pop_until(SimTime::MAX)).collect();
    assert_eq!(popped.len(), 100_000);
    assert!(popped.is_sorted());
}

#[test]
fn the_last_instant_of_time_is_an_instant_like_others() {
    let mut queue = EventQueue::new();
    queue.push(SimTime::MAX, u64::MAX);
    queue.push(SimTime::MAX, 0);
    queue.push(SimTime::from_nanos(u64::MAX - 1), 7);
    assert_eq!(queue.pop_until(SimTime::from_nanos(u64::MAX - 2)), None);
    assert_eq!(queue.pop_until(SimTime::MAX), Some((SimTime::from_nanos(u64::MAX - 1), 7)));
    assert_eq!(queue.pop_until(SimTime::MAX), Some((SimTime::MAX, 0)));
    assert_eq!(queue.pop_until(SimTime::MAX), Some((SimTime::MAX, u64::MAX)));
}

#[test]
fn the_order_survives_every_change_of_the_slot_width() {
    // Rates from a nanosecond to seconds between events, long enough for several reviews of the width.
    for gap in [1_u64, 300, 1_000_000, 3_000_000_000] {
        let mut queue = EventQueue::new();
        let mut state = 1_u64;
        let mut random = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        for _ in 0..1000 {
            queue.push(SimTime::from_nanos(random() % (1000 * gap)), random());
        }
        let mut last = (SimTime::ZERO, 0);
        for _ in 0..200_000 {
            let popped = queue.pop_until(SimTime::MAX).expect("each pop is followed by a push");
            assert!(popped >= last, "{popped:?} after {last:?} with gap {gap}");
            last = popped;
            queue.push(SimTime::from_nanos(popped.0.as_nanos() + 1 + random() % (2000 * gap)), random());
        }
    }
}
