//! Vectors of queues: CoDel and the queue of "Fail at Scale" (D8), and DAGOR (D9).

use crate::{Vector, run};
use models::plan::ClassPlan;
use models::services::admission::{Admission, Answer, Dagor, USER_LEVELS, Visitor, level};
use models::services::queues::{AdaptiveLifo, CoDel, FailAtScale, Item, Standing, Verdict};
use models::services::{Intake, IntakePlan, Queue};
use sim_core::draw::{Key, Seed};
use sim_core::time::{SimDuration, SimTime};

pub const VECTORS: &[Vector] = &[
    ("D8.V1", patience_depends_on_when_the_queue_was_empty),
    ("D8.V2", gaps_shrink),
    ("D8.V3", the_newest_first),
    ("D8.V4", drops_of_codel),
    ("D9.V1", dagor_moves_its_cut),
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

/// How many of so many requests, evenly over all levels of users, are let in at an instant, after they have waited so long.
fn let_in(rule: &Dagor, memory: &mut <Dagor as Admission>::Memory, clients: &[u32], now: SimTime, waited: SimDuration) -> usize {
    let draw = Seed::new(1).draws(Key::named("x"), 1).choice();
    let is_in = |client: &&u32| {
        let visitor = Visitor { client: **client, caller: 0, edge: 0, class: "", priority: 0, draw, workers: (1, 1) };
        let is_in = rule.ask(memory, &visitor, now) == Answer::Admitted;
        if is_in {
            rule.begun(memory, waited, now);
        }
        is_in
    };
    clients.iter().filter(is_in).count()
}

fn dagor_moves_its_cut() {
    let rule = Dagor::default();
    assert_eq!((rule.goal(2_000, 2_000, true), rule.goal(1_900, 3_000, false)), (1_900.0, 1_930.0));
    // The same of requests: 20 for each of 100 levels of users, the window full; then 30 for each.
    let client_of = |wanted: u16| (0..).find(|&client| level(0, client, SimTime::ZERO) == wanted).expect("every level has clients");
    let clients = |times: usize| (0..100).flat_map(|wanted| vec![client_of(wanted); times]).collect::<Vec<u32>>();
    const { assert!(100 < USER_LEVELS, "there are as many levels") };
    let mut memory = rule.fresh(SimTime::ZERO);
    assert_eq!(let_in(&rule, &mut memory, &clients(20), at(1), ms(21)), 2_000, "all in the first window, which is overloaded");
    // 1900 of 2000 are 95 of 100 levels.
    let thrice = Dagor { requests: 3_000, ..rule };
    assert_eq!(let_in(&thrice, &mut memory, &clients(30), at(1_001), ms(20)), 95 * 30);
    // 2850 and 1 % of 3000 are 2880: 96 levels.
    assert_eq!(let_in(&thrice, &mut memory, &clients(30), at(2_001), ms(20)), 96 * 30);
}
