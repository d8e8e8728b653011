//! Vectors of queues: CoDel and the queue of "Fail at Scale" (D8).

use crate::{Vector, run};
use models::plan::ClassPlan;
use models::services::queues::{AdaptiveLifo, CoDel, FailAtScale, Item, Standing, Verdict};
use models::services::{Intake, IntakePlan, Queue};
use sim_core::time::{SimDuration, SimTime};

pub const VECTORS: &[Vector] = &[
    ("D8.V1", patience_depends_on_when_the_queue_was_empty),
    ("D8.V2", gaps_shrink),
    ("D8.V3", the_newest_first),
    ("D8.V4", drops_of_codel),
];

#[test]
fn vectors_of_queues() {
    run(VECTORS);
}

const fn ms(millis: u64) -> SimDuration {
    SimDuration::from_millis(millis)
}

const fn at(millis: u64) -> SimTime {
    SimTime::from_nanos(millis * 1_000_000)
}

fn request(slot: u32, millis: u64) -> Item {
    let (standing, deadline) = (Standing::Newcomer, SimTime::MAX);
    Item { slot, entered: at(millis), standing, priority: 0, class: 0, weight: 1, client: slot, caller: 0, deadline }
}

/// A queue in which requests wait.
struct Waiting {
    plan: IntakePlan,
    intake: Intake,
}

impl Waiting {
    fn new(queue: impl Into<Queue>) -> Self {
        let plan = IntakePlan::with(queue.into(), &[ClassPlan { name: String::new(), priority: 0 }]);
        let intake = Intake::new(&plan, SimTime::ZERO);
        Self { plan, intake }
    }

    fn enter(&mut self, slot: u32, millis: u64) {
        self.intake.enter(&self.plan, request(slot, millis), at(millis));
    }

    /// Who is served at this instant, and how many are dropped before.
    fn serve(&mut self, millis: u64) -> (Option<u32>, u32) {
        let mut dropped = 0;
        while let Some((item, verdict)) = self.intake.take(&self.plan, at(millis)) {
            match verdict {
                Verdict::Served => return (Some(item.slot), dropped),
                Verdict::Dropped => dropped += 1,
            }
        }
        (None, dropped)
    }

    fn overdue(&mut self, now: SimTime) -> Option<u32> {
        self.intake.overdue(&self.plan, now).map(|item| item.slot)
    }
}

fn patience_depends_on_when_the_queue_was_empty() {
    let rule = FailAtScale::default();
    assert_eq!([40, 100, 101].map(|ago| rule.patience(ms(ago))), [100, 100, 5].map(ms));
    // The same of a queue: one comes at 0, and others so long after.
    for (ago, patience) in [(40, 100), (100, 100), (101, 5)] {
        let mut waiting = Waiting::new(rule.clone());
        waiting.enter(1, 0);
        waiting.enter(2, ago);
        let end = at(ago + patience);
        let others = waiting.overdue(end);
        assert!(others.is_none_or(|slot| slot == 1), "{ago}: {others:?}");
        assert_eq!(waiting.serve(ago + patience), (Some(2), 0), "it may wait for all of its patience");
        let mut waiting = Waiting::new(rule.clone());
        waiting.enter(1, 0);
        waiting.enter(2, ago);
        let later = end.saturating_add(SimDuration::NANOSECOND);
        let gone: Vec<u32> = std::iter::from_fn(|| waiting.overdue(later)).collect();
        assert!(gone.contains(&2), "{ago}: {gone:?}");
    }
}

fn gaps_shrink() {
    let gaps = [1, 2, 3, 4].map(|count| CoDel::default().gap(count));
    assert_eq!(gaps.map(|gap| (gap.as_nanos() + 500) / 1_000), [100_000, 70_711, 57_735, 50_000]);
}

fn the_newest_first() {
    let queues = [Queue::from(FailAtScale::default()), AdaptiveLifo { after: SimDuration::ZERO, ..AdaptiveLifo::default() }.into()];
    for queue in queues {
        let mut waiting = Waiting::new(queue);
        let (a, b, c, d, e) = (1, 2, 3, 4, 5);
        for slot in [a, b, c] {
            waiting.enter(slot, 0);
        }
        assert_eq!(waiting.serve(1), (Some(c), 0));
        waiting.enter(d, 2);
        assert_eq!([3, 4, 5, 6].map(|now| waiting.serve(now).0), [Some(d), Some(b), Some(a), None]);
        waiting.enter(e, 7);
        assert_eq!(waiting.serve(8), (Some(e), 0));
    }
}

fn drops_of_codel() {
    let mut waiting = Waiting::new(CoDel::default());
    (0..1_000).for_each(|slot| waiting.enter(slot, 0));
    let drops: Vec<u64> = (5..400).flat_map(|now| vec![now; waiting.serve(now).1 as usize]).collect();
    assert_eq!(drops, [105, 205, 276, 334, 384]);
}
