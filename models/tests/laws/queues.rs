//! Who is served when, and who is sent away: every discipline, alone and at a server.

use crate::conservation::{config, system};
use crate::limits::assert_all_covered;
use crate::*;
use models::plan::ClassPlan;
use models::services::queues::{
    AdaptiveLifo, CoDel, EarliestDeadline, FailAtScale, Fair, Item, Lifo, Priority, Sharing, Standing, Verdict,
};
use models::services::{Intake, IntakePlan, WhenFull};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Every discipline, with this limit.
pub fn every_queue(limit: Option<u32>, when_full: WhenFull) -> Vec<Queue> {
    let weights = BTreeMap::from([("gold".to_owned(), 3)]);
    let all: Vec<Queue> = vec![
        Fifo { limit, when_full }.into(),
        Lifo { limit, when_full }.into(),
        AdaptiveLifo { after: ms(20), limit, when_full }.into(),
        Priority { limit, when_full }.into(),
        Fair { per: Sharing::Client, weights, limit, when_full }.into(),
        CoDel { target: ms(2), interval: ms(20), limit, when_full }.into(),
        FailAtScale { m: ms(3), n: ms(20), limit, when_full }.into(),
        EarliestDeadline { max_age: Some(ms(40)), needs: ms(1), limit, when_full }.into(),
    ];
    assert_all_covered(Queue::ALL, all.iter().map(Queue::name));
    all
}

/// Any discipline that names no class.
pub fn some_queue() -> impl Strategy<Value = Queue> {
    let when_full = prop_oneof![Just(WhenFull::Reject), Just(WhenFull::DropOldest), Just(WhenFull::DropLast), Just(WhenFull::Wait)];
    let kinds = Queue::ALL.len();
    (0..kinds, proptest::option::of(0_u32..6), when_full).prop_map(|(kind, limit, when_full)| {
        let has_victims = match when_full {
            WhenFull::DropOldest => limit.is_some_and(|limit| limit > 0),
            WhenFull::Wait => limit.is_some(),
            WhenFull::Reject | WhenFull::DropLast => true,
        };
        let mut queue = every_queue(limit, if has_victims { when_full } else { WhenFull::Reject }).swap_remove(kind);
        if let Queue::Fair(fair) = &mut queue {
            fair.weights.clear();
        }
        queue
    })
}

fn classes() -> Vec<ClassPlan> {
    [("", 0), ("gold", 1), ("silver", 2), ("lead", 5)].map(|(name, priority)| ClassPlan { name: name.to_owned(), priority }).to_vec()
}

/// One replica's queue, with the books of who is in it.
struct Books {
    plan: IntakePlan,
    intake: Intake,
    inside: BTreeMap<u32, (u64, Item)>,
    entered: u64,
    served: Vec<u32>,
}

impl Books {
    fn of(queue: Queue) -> Self {
        let plan = IntakePlan::with(queue, &classes());
        let intake = Intake::new(&plan, SimTime::ZERO);
        Self { plan, intake, inside: BTreeMap::new(), entered: 0, served: Vec::new() }
    }

    fn item(&self, slot: u32, class: u8, client: u32, standing: Standing, deadline: SimTime, now: SimTime) -> Item {
        let (priority, weight) = (classes()[usize::from(class)].priority, self.plan.weights[usize::from(class)]);
        Item { slot, entered: now, standing, priority, class, weight, client, caller: 0, deadline }
    }

    /// Somebody comes. Whether they are in.
    fn comes(&mut self, item: Item, now: SimTime) -> bool {
        let is_full = self.plan.queue.limit().is_some_and(|limit| self.inside.len() >= limit as usize);
        if is_full && item.may_be_shed() {
            let Some(leaver) = self.intake.give_way(&self.plan, &item, now) else { return false };
            self.leaves(&leaver);
        }
        self.intake.enter(&self.plan, item, now);
        assert!(self.inside.insert(item.slot, (self.entered, item)).is_none());
        self.entered += 1;
        assert_eq!(self.intake.line().len(), self.inside.len());
        true
    }

    fn leaves(&mut self, item: &Item) -> u64 {
        let (ordinal, known) = self.inside.remove(&item.slot).unwrap_or_else(|| panic!("{item:?} leaves twice"));
        assert_eq!(known, *item, "who leaves is who came");
        ordinal
    }

    fn sent_away(&mut self, item: &Item) {
        assert!(item.may_be_shed(), "{item:?} is never sent away");
        self.leaves(item);
    }

    fn drop_overdue(&mut self, now: SimTime) {
        while let Some(item) = self.intake.overdue(&self.plan, now) {
            self.sent_away(&item);
        }
    }

    /// A worker is free.
    fn serves(&mut self, now: SimTime) -> Option<Item> {
        self.drop_overdue(now);
        while let Some((item, verdict)) = self.intake.take(&self.plan, now) {
            self.check_turn(&item, verdict);
            match verdict {
                Verdict::Dropped => self.sent_away(&item),
                Verdict::Served => {
                    self.leaves(&item);
                    self.served.push(item.slot);
                    return Some(item);
                }
            }
        }
        assert!(self.inside.is_empty(), "nobody is taken though somebody waits");
        None
    }

    /// It is the turn of whom the discipline promises.
    fn check_turn(&self, item: &Item, verdict: Verdict) {
        let (ordinal, _) = self.inside[&item.slot];
        let all = || self.inside.values();
        let is_background = |item: &Item| item.standing == Standing::Background;
        match &self.plan.queue {
            Queue::Fifo(_) | Queue::CoDel(_) => assert!(all().all(|(other, _)| *other >= ordinal)),
            Queue::Lifo(_) | Queue::FailAtScale(_) => assert!(all().all(|(other, _)| *other <= ordinal)),
            Queue::AdaptiveLifo(_) => assert!(all().all(|(other, _)| *other >= ordinal) || all().all(|(other, _)| *other <= ordinal)),
            Queue::Priority(_) => {
                let rank = |item: &Item, ordinal: u64| (is_background(item), item.priority, ordinal);
                let least = all().map(|(ordinal, item)| if is_background(item) { (true, 0, *ordinal) } else { rank(item, *ordinal) }).min();
                let own = if is_background(item) { (true, 0, ordinal) } else { rank(item, ordinal) };
                assert_eq!(Some(own), least, "nobody is served while somebody more important waits");
            }
            Queue::EarliestDeadline(rule) => {
                let patience = rule.max_age.unwrap_or(SimDuration::from_nanos(u64::MAX));
                let due =
                    |item: &Item| if is_background(item) { SimTime::MAX } else { item.deadline.min(item.entered.saturating_add(patience)) };
                assert_eq!(all().map(|(ordinal, item)| (due(item), *ordinal)).min(), Some((due(item), ordinal)));
            }
            // Over a whole run, below.
            Queue::Fair(_) => {}
        }
        let never_drops =
            matches!(self.plan.queue, Queue::Fifo(_) | Queue::Lifo(_) | Queue::AdaptiveLifo(_) | Queue::Priority(_) | Queue::Fair(_));
        assert!(!never_drops || verdict == Verdict::Served);
    }
}

/// What can happen to a queue.
#[derive(Clone, Debug)]
enum Happens {
    Comes { class: u8, client: u32, standing: Standing, told: Option<u64> },
    WorkerIsFree,
    CallerGoes(prop::sample::Index),
    TimePasses(u64),
}

fn happens() -> impl Strategy<Value = Happens> {
    let standing = prop_oneof![6 => Just(Standing::Newcomer), 1 => Just(Standing::Begun), 1 => Just(Standing::Background)];
    prop_oneof![
        6 => (0_u8..4, 0_u32..5, standing, proptest::option::of(1_u64..60))
            .prop_map(|(class, client, standing, told)| Happens::Comes { class, client, standing, told }),
        4 => Just(Happens::WorkerIsFree),
        1 => any::<prop::sample::Index>().prop_map(Happens::CallerGoes),
        4 => (0_u64..12).prop_map(Happens::TimePasses),
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn whoever_comes_leaves_once_and_when_their_turn_is(
        queue in (0..Queue::ALL.len(), proptest::option::of(1_u32..8), any::<bool>(), any::<bool>()),
        events in proptest::collection::vec(happens(), 0..200),
    ) {
        let (kind, limit, drops, oldest) = queue;
        let when_full = match (drops, oldest && limit.is_some()) {
            (false, _) => WhenFull::Reject,
            (true, true) => WhenFull::DropOldest,
            (true, false) => WhenFull::DropLast,
        };
        let mut books = Books::of(every_queue(limit, when_full).swap_remove(kind));
        let (mut now, mut slots) = (SimTime::ZERO, 0..);
        for event in events {
            match event {
                Happens::Comes { class, client, standing, told } => {
                    books.drop_overdue(now);
                    let deadline = told.map_or(SimTime::MAX, |millis| now.saturating_add(ms(millis)));
                    let item = books.item(slots.next().unwrap(), class, client, standing, deadline, now);
                    let is_in = books.comes(item, now);
                    assert!(is_in || item.may_be_shed() && limit.is_some());
                }
                Happens::WorkerIsFree => drop(books.serves(now)),
                Happens::CallerGoes(index) if !books.inside.is_empty() => {
                    let slot = *books.inside.keys().nth(index.index(books.inside.len())).unwrap();
                    let item = books.intake.withdraw(&books.plan, slot, now).unwrap();
                    books.leaves(&item);
                    assert_eq!(books.intake.withdraw(&books.plan, slot, now), None);
                }
                Happens::CallerGoes(_) => {}
                Happens::TimePasses(millis) => now = now.saturating_add(ms(millis)),
            }
            let newcomers = books.inside.values().filter(|(_, item)| item.may_be_shed()).count();
            assert!(limit.is_none_or(|limit| newcomers <= limit as usize));
        }
        while books.serves(now).is_some() {}
        assert!(books.inside.is_empty());
    }

    #[test]
    fn a_discipline_that_has_nothing_to_tell_apart_is_a_plain_queue(spec in system(), seed in 0_u64..1_000, limit in proptest::option::of(0_u32..6)) {
        let for_ever = SimDuration::from_secs(1_000_000);
        let when_full = WhenFull::Reject;
        let alike: [Queue; 5] = [
            AdaptiveLifo { after: for_ever, limit, when_full }.into(),
            Priority { limit, when_full }.into(),
            CoDel { target: for_ever, limit, when_full, ..CoDel::default() }.into(),
            EarliestDeadline { limit, when_full, ..EarliestDeadline::default() }.into(),
            EarliestDeadline { limit, when_full: WhenFull::DropLast, ..EarliestDeadline::default() }.into(),
        ];
        let mut spec = spec;
        // Some disciplines serve background work last.
        spec.faults.retain(|fault| !matches!(fault.fault, AnyFault::PeriodicJob(_)));
        let mut with = |queue: &Queue| {
            for (_, service) in &mut spec.services {
                (service.queue, service.admission) = (queue.clone(), Vec::new());
            }
            // A fault may fill a queue only if that has a limit.
            Plan::new(&spec).is_ok().then(|| play(&spec, seed))
        };
        if let Some(plain) = with(&Fifo { limit, when_full }.into()) {
            for queue in &alike {
                let run = with(queue).expect("it has the same limit");
                prop_assert_eq!(run.digest, plain.digest, "{:?}", queue);
                prop_assert_eq!((run.seen.len(), run.measures.latency), (plain.seen.len(), plain.measures.latency.clone()));
            }
        }
    }
}

#[test]
fn clients_that_always_wait_are_served_in_turn_and_by_the_weight_of_their_class() {
    let mut books = Books::of(every_queue(None, WhenFull::DropLast).swap_remove(4));
    let (now, newcomer) = (SimTime::ZERO, Standing::Newcomer);
    // Client 0 asks for ten times as much as client 1; client 2 is of a class with three turns.
    for slot in 0..900 {
        let (client, class) = match slot {
            0..600 => (0, 2),
            600..660 => (1, 2),
            _ => (2, 1),
        };
        let item = books.item(slot, class, client, newcomer, SimTime::MAX, now);
        assert!(books.comes(item, now));
    }
    let mut counts = [0_u32; 3];
    for turn in 1..=300 {
        counts[books.serves(now).unwrap().client as usize] += 1;
        let [greedy, modest, gold] = counts;
        assert!(greedy.abs_diff(modest) <= 1, "turn {turn}: {counts:?}");
        assert!(gold.abs_diff(3 * modest) <= 3, "turn {turn}: {counts:?}");
    }
    assert_eq!(counts, [60, 60, 180]);
}

#[test]
fn whoever_fills_a_fair_queue_loses_its_own_places() {
    let mut books = Books::of(Fair { limit: Some(10), ..Fair::default() }.into());
    let (now, newcomer) = (SimTime::ZERO, Standing::Newcomer);
    for slot in 0..50 {
        let item = books.item(slot, 0, 0, newcomer, SimTime::MAX, now);
        assert_eq!(books.comes(item, now), slot < 10);
    }
    for slot in 100..104 {
        let item = books.item(slot, 0, 1, newcomer, SimTime::MAX, now);
        assert!(books.comes(item, now));
    }
    let clients: Vec<u32> = std::iter::from_fn(|| books.serves(now)).map(|item| item.client).collect();
    assert_eq!(clients, [0, 1, 0, 1, 0, 1, 0, 1, 0, 0]);
}
