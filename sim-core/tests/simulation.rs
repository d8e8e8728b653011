//! Does the kernel keep its promises about order, bounds, forks and fingerprints?

use sim_core::draw::mix;
use sim_core::observe::{Observer, Record};
use sim_core::simulation::{Ctx, Event, Model, Simulation, Stop, TieBreak};
use sim_core::time::{SimDuration, SimTime};

/// Tokens that hop for ever; each hop is recorded.
#[derive(Clone, Debug, Default)]
struct Hops {
    order: Vec<(SimTime, u64)>,
    gap: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hop(u64);

impl Event for Hop {
    const KIND_BITS: u32 = 4;
    fn rank(self) -> u64 {
        self.0
    }
    fn from_rank(rank: u64) -> Self {
        Self(rank)
    }
}

#[derive(Clone, Copy)]
struct Seen(u64);

impl Record for Seen {
    fn fingerprint(&self) -> u64 {
        mix(self.0)
    }
}

impl Model for Hops {
    type Event = Hop;
    type Record = Seen;
    fn handle(&mut self, event: Hop, ctx: &mut Ctx<'_, Self>) {
        self.order.push((ctx.now(), event.0));
        ctx.record(&Seen(event.0));
        ctx.after(SimDuration::from_nanos(self.gap), event);
    }
}

fn hops(ties: TieBreak, tokens: u64) -> Simulation<Hops> {
    Simulation::new(Hops { order: Vec::new(), gap: 100 }, ties, |_, ctx| {
        for token in (0..tokens).rev() {
            ctx.after(SimDuration::from_nanos(100), Hop(token << 59 & (0xf << 60) | token));
        }
    })
}

const WITHOUT_BOUND: u64 = u64::MAX;

#[test]
fn events_of_one_instant_fire_by_rank_and_not_by_order_of_scheduling() {
    let mut simulation = hops(TieBreak::ByRank, 8);
    assert_eq!(simulation.run_until(SimTime::from_nanos(100), WITHOUT_BOUND, None), Stop::Reached);
    assert!(simulation.model().order.is_sorted());
    assert_eq!(simulation.model().order.len(), 8);
}

#[test]
fn shuffled_ties_change_the_order_within_a_kind_and_keep_events_and_kinds_apart() {
    let run = |ties| {
        let mut simulation = hops(ties, 64);
        simulation.run_until(SimTime::from_nanos(100), WITHOUT_BOUND, None);
        (simulation.digest(), simulation.into_model().order)
    };
    let (plain_digest, plain) = run(TieBreak::ByRank);
    let (digest, mut shuffled) = run(TieBreak::Shuffled(7));
    assert_ne!(plain, shuffled);
    assert!(shuffled.is_sorted_by_key(|&(_, rank)| rank >> 60), "kinds keep their order");
    shuffled.sort();
    assert_eq!(plain, shuffled, "the same events");
    assert_eq!(plain_digest, digest, "the digest does not depend on the order of ties");
    assert_ne!(run(TieBreak::Shuffled(8)).1, run(TieBreak::Shuffled(7)).1);
}

#[test]
fn a_fork_goes_on_as_its_original_and_apart_from_it() {
    let mut original = hops(TieBreak::ByRank, 5);
    original.run_until(SimTime::from_nanos(1_000), WITHOUT_BOUND, None);
    let mut fork = original.clone();
    original.run_until(SimTime::from_nanos(2_000), WITHOUT_BOUND, None);
    fork.run_until(SimTime::from_nanos(2_000), WITHOUT_BOUND, None);
    assert_eq!(original.digest(), fork.digest());
    fork.intervene(|model, _| model.gap = 50);
    fork.run_until(SimTime::from_nanos(3_000), WITHOUT_BOUND, None);
    original.run_until(SimTime::from_nanos(3_000), WITHOUT_BOUND, None);
    assert_ne!(original.digest(), fork.digest());
}

#[test]
fn the_bound_on_events_stops_a_run_that_never_ends() {
    let mut simulation = hops(TieBreak::ByRank, 1);
    assert_eq!(simulation.run_until(SimTime::MAX, 1_000, None), Stop::TooManyEvents);
    assert_eq!(simulation.events(), 1_000);
    assert_eq!(simulation.now(), SimTime::from_nanos(100_000));
}

/// Tokens that hop until one of them has had enough.
#[derive(Clone, Debug)]
struct Enough(u64);

impl Model for Enough {
    type Event = Hop;
    type Record = Seen;
    fn handle(&mut self, event: Hop, ctx: &mut Ctx<'_, Self>) {
        self.0 -= 1;
        if self.0 == 0 {
            ctx.stop();
        }
        ctx.record(&Seen(event.0));
        ctx.after(SimDuration::from_nanos(100), event);
    }
}

#[test]
fn a_model_can_ask_to_stop_after_the_present_event_and_what_is_pending_stays() {
    let start = || Simulation::new(Enough(7), TieBreak::ByRank, |_, ctx| ctx.after(SimDuration::from_nanos(100), Hop(1)));
    let (mut plain, mut followed, mut follower) = (start(), start(), Follower(Vec::new()));
    assert_eq!(plain.run_until(SimTime::MAX, WITHOUT_BOUND, None), Stop::Asked);
    assert_eq!(followed.run_until(SimTime::MAX, WITHOUT_BOUND, Some(&mut follower)), Stop::Asked);
    for simulation in [&plain, &followed] {
        assert_eq!((simulation.events(), simulation.pending(), simulation.now()), (7, 1, SimTime::from_nanos(700)));
    }
    assert_eq!(plain.digest(), followed.digest());
    plain.intervene(|model, _| model.0 = 3);
    assert_eq!(plain.run_until(SimTime::MAX, WITHOUT_BOUND, None), Stop::Asked, "it goes on if somebody wants it to");
    assert_eq!(plain.events(), 10);
}

#[test]
fn an_observer_sees_every_record_and_changes_nothing() {
    let mut plain = hops(TieBreak::ByRank, 3);
    plain.run_until(SimTime::from_nanos(10_000), WITHOUT_BOUND, None);
    let mut seen = Vec::new();
    let mut observed = hops(TieBreak::ByRank, 3);
    let mut observer = |at: SimTime, record: &Seen| seen.push((at, record.0));
    observed.run_until(SimTime::from_nanos(10_000), WITHOUT_BOUND, Some(&mut observer));
    assert_eq!(seen, observed.model().order);
    assert_eq!(plain.digest(), observed.digest());
}

#[test]
fn a_delay_of_zero_is_one_nanosecond() {
    let mut simulation = hops(TieBreak::ByRank, 1);
    simulation.intervene(|model, _| model.gap = 0);
    simulation.run_until(SimTime::from_nanos(102), WITHOUT_BOUND, None);
    assert_eq!(simulation.model().order.iter().map(|(at, _)| at.as_nanos()).collect::<Vec<_>>(), [100, 101, 102]);
}

#[test]
#[should_panic(expected = "which is not after now")]
fn scheduling_for_the_present_is_a_bug() {
    hops(TieBreak::ByRank, 1).intervene(|_, ctx| ctx.at(SimTime::ZERO, Hop(0)));
}

#[test]
fn a_run_is_a_value_that_may_move_between_threads() {
    fn is_value<T: Clone + Send + 'static>() {}
    is_value::<Simulation<Hops>>();
}

/// What a follower is told, in order.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Begins(u64, u64),
    Scheduled(u64),
    Record,
}

struct Follower(Vec<Told>);

impl Observer<Seen> for Follower {
    fn record(&mut self, _at: SimTime, _record: &Seen) {
        self.0.push(Told::Record);
    }

    fn follows(&self) -> bool {
        true
    }

    fn begins(&mut self, number: u64, _at: SimTime, rank: u64) {
        self.0.push(Told::Begins(number, rank));
    }

    fn scheduled(&mut self, _at: SimTime, rank: u64) {
        self.0.push(Told::Scheduled(rank));
    }
}

#[test]
fn a_follower_is_told_of_every_event_what_came_of_it_and_after_which_record() {
    let mut followed = hops(TieBreak::ByRank, 1);
    let mut follower = Follower(Vec::new());
    assert_eq!(followed.run_until(SimTime::MAX, 3, Some(&mut follower)), Stop::TooManyEvents);
    let rank = followed.model().order[0].1;
    let one = |number| [Told::Begins(number, rank), Told::Record, Told::Scheduled(rank)];
    assert_eq!(follower.0, (1..=3).flat_map(one).collect::<Vec<_>>());
    assert_eq!((followed.events(), followed.pending()), (3, 1));
}

#[test]
fn a_run_that_is_followed_is_the_same_run_also_with_shuffled_ties_and_in_pieces() {
    for ties in [TieBreak::ByRank, TieBreak::Shuffled(7)] {
        let mut plain = hops(ties, 64);
        plain.run_until(SimTime::from_nanos(5_000), WITHOUT_BOUND, None);
        let mut followed = hops(ties, 64);
        let mut follower = Follower(Vec::new());
        for end in [100, 101, 2_000, 5_000] {
            assert_eq!(followed.run_until(SimTime::from_nanos(end), WITHOUT_BOUND, Some(&mut follower)), Stop::Reached);
        }
        assert_eq!((plain.digest(), plain.events(), plain.pending()), (followed.digest(), followed.events(), followed.pending()));
        assert_eq!(plain.now(), followed.now());
        assert_eq!(plain.model().order, followed.model().order);
        let begun = follower.0.iter().filter(|told| matches!(told, Told::Begins(..))).count() as u64;
        assert_eq!(begun, followed.events());
    }
}
