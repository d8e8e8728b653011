//! Whom balancers choose: only whom they may, evenly where they say so, and the same for the same object.

use models::registry::Complaint;
use models::strategies::balance::panic::is_panic;
use models::strategies::balance::zones::ZoneAware;
use models::strategies::balance::{
    AnyBalancer, BalancerMemory, BoundedLoad, Choice, Fleet, LeastRequest, Maglev, PeakEwma, PowerOfTwoChoices, Random, RingHash,
    RoundRobin, SelectionMethod, WeightedRoundRobin,
};
use sim_core::draw::{Draw, Key, Seed, mix};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;

const REPLICAS: u32 = 10;
/// The 99.99 % quantile of chi-square with 9 degrees of freedom: what ten even counts exceed once in 10,000 seeds.
const CHI_SQUARE_9: f64 = 33.72;

fn all() -> Vec<AnyBalancer> {
    let stale = SimDuration::from_millis(100);
    vec![
        RoundRobin {}.into(),
        Random {}.into(),
        WeightedRoundRobin {}.into(),
        LeastRequest::default().into(),
        LeastRequest { choice_count: 5, stale, ..LeastRequest::default() }.into(),
        LeastRequest { selection_method: SelectionMethod::FullScan, active_request_bias: 0.5, ..LeastRequest::default() }.into(),
        PowerOfTwoChoices::default().into(),
        PowerOfTwoChoices { stale }.into(),
        PeakEwma::default().into(),
        PeakEwma { default_rtt: Some(SimDuration::from_millis(30)), ..PeakEwma::default() }.into(),
        RingHash::default().into(),
        Maglev { table_size: 1009 }.into(),
        BoundedLoad::default().into(),
    ]
}

fn draw(seed: u64, ordinal: u64) -> Draw {
    Seed::new(seed).draws(Key::named("choices").child(ordinal), 1).choice()
}

fn names() -> Vec<u64> {
    (0..u64::from(REPLICAS)).map(|n| Key::named("shop").child(n).bits()).collect()
}

/// A run of choices among changing replicas, with tries that end in between.
struct Run<'a> {
    balancer: &'a AnyBalancer,
    memory: BalancerMemory,
    under_way: Vec<u32>,
    step: u64,
}

impl<'a> Run<'a> {
    fn new(balancer: &'a AnyBalancer, fleet: &Fleet<'_>) -> Self {
        Self { balancer, memory: balancer.fresh(fleet, draw(3, 0)), under_way: Vec::new(), step: 0 }
    }

    fn step(&mut self, fleet: Fleet<'_>) -> (Vec<u32>, u32) {
        self.step += 1;
        let luck = draw(5, self.step);
        // The replicas to choose from change every twenty steps; somebody is always there.
        let mask = draw(6, self.step / 20).bits() | 1 << (self.step / 20 % u64::from(REPLICAS));
        let among: Vec<u32> = (0..REPLICAS).filter(|replica| mask >> replica & 1 == 1).collect();
        let now = SimTime::from_nanos(self.step * 3_000_000);
        let choice = Choice { fleet, among: &among, object: luck.further(90).bits(), draw: luck, now };
        let picked = self.balancer.pick(&mut self.memory, &choice);
        self.balancer.sent(&mut self.memory, picked, now);
        self.under_way.push(picked);
        if luck.further(91).index(10) < 9 {
            let ended = self.under_way.swap_remove(luck.further(92).index(self.under_way.len() as u64) as usize);
            let took = SimDuration::from_micros(luck.further(93).index(80_000));
            self.balancer.ended(&mut self.memory, ended, took, None, now);
        }
        (among, picked)
    }
}

#[test]
fn every_balancer_is_among_those_whose_laws_are_checked() {
    for (name, _) in AnyBalancer::ALL {
        assert!(all().iter().any(|balancer| balancer.name() == *name), "{name}");
    }
    for balancer in all() {
        assert_eq!(balancer.check(), [], "{}", balancer.name());
    }
}

#[test]
fn a_balancer_picks_only_from_those_it_is_given_and_a_clone_picks_the_same() {
    let names = names();
    for weights in [[1; REPLICAS as usize], [3, 1, 4, 1, 5, 9, 2, 6, 5, 3]] {
        let fleet = Fleet { weights: &weights, names: &names };
        for balancer in all() {
            let mut run = Run::new(&balancer, &fleet);
            for _ in 0..600 {
                let (among, picked) = run.step(fleet);
                assert!(among.contains(&picked), "{} picked {picked} of {among:?}", balancer.name());
            }
            let mut twin = Run { balancer: &balancer, memory: run.memory.clone(), under_way: run.under_way.clone(), step: run.step };
            for _ in 0..300 {
                assert_eq!(run.step(fleet), twin.step(fleet), "{}", balancer.name());
            }
        }
    }
}

/// How often each of ten idle replicas of these weights is picked in so many choices, each about another object.
fn picks(balancer: &AnyBalancer, weights: &[u32], choices: u64) -> Vec<u64> {
    let (names, among) = (names(), (0..REPLICAS).collect::<Vec<u32>>());
    let fleet = Fleet { weights, names: &names };
    let mut memory = balancer.fresh(&fleet, draw(8, 0));
    let mut counts = vec![0; weights.len()];
    for n in 0..choices {
        let choice = Choice { fleet, among: &among, object: n, draw: draw(9, n), now: SimTime::ZERO };
        counts[balancer.pick(&mut memory, &choice) as usize] += 1;
    }
    counts
}

fn chi_square(counts: &[u64], shares: &[f64]) -> f64 {
    let total: u64 = counts.iter().sum();
    let term = |(count, share): (&u64, &f64)| {
        let expected = total as f64 * share;
        (*count as f64 - expected) * (*count as f64 - expected) / expected
    };
    counts.iter().zip(shares).map(term).sum()
}

#[test]
fn idle_replicas_of_equal_weight_are_picked_evenly() {
    let weights = [1; REPLICAS as usize];
    let even: Vec<AnyBalancer> = vec![
        Random {}.into(),
        LeastRequest::default().into(),
        LeastRequest { selection_method: SelectionMethod::FullScan, ..LeastRequest::default() }.into(),
        PowerOfTwoChoices::default().into(),
        PeakEwma::default().into(),
        Maglev::default().into(),
    ];
    for balancer in even {
        let counts = picks(&balancer, &weights, 20_000);
        let distance = chi_square(&counts, &[0.1; REPLICAS as usize]);
        assert!(distance < CHI_SQUARE_9, "{}: {distance} of {counts:?}", balancer.name());
    }
    for balancer in [AnyBalancer::from(RoundRobin {}), WeightedRoundRobin {}.into()] {
        assert_eq!(picks(&balancer, &weights, 20_000), [2_000; REPLICAS as usize], "{}", balancer.name());
    }
    for balancer in [AnyBalancer::from(RingHash::default()), BoundedLoad::default().into()] {
        // A share is made of about 103 random arcs: 10 % standard deviation.
        let counts = picks(&balancer, &weights, 20_000);
        assert!(counts.iter().all(|count| (1_200..2_800).contains(count)), "{}: {counts:?}", balancer.name());
    }
}

#[test]
fn weights_are_kept_by_those_who_keep_weights() {
    let weights = [1, 1, 1, 1, 2, 2, 2, 2, 4, 4];
    let shares = weights.map(|weight| f64::from(weight) / 20.0);
    assert_eq!(picks(&WeightedRoundRobin {}.into(), &weights, 2_000), weights.map(|weight| u64::from(weight) * 100));
    let counts = picks(&LeastRequest::default().into(), &weights, 2_000);
    assert_eq!(counts, weights.map(|weight| u64::from(weight) * 100), "idle ones have their own weight");
    let counts = picks(&Maglev::default().into(), &weights, 20_000);
    let distance = chi_square(&counts, &shares);
    assert!(distance < CHI_SQUARE_9, "{distance} of {counts:?}");
    let counts = picks(&RingHash::default().into(), &weights, 20_000);
    assert!(counts.iter().zip(shares).all(|(count, share)| (0.5..1.5).contains(&(*count as f64 / 20_000.0 / share))), "{counts:?}");
}

#[test]
fn round_robin_starts_anywhere_and_goes_on_in_order() {
    let (names, weights) = (names(), [1; REPLICAS as usize]);
    let (fleet, among) = (Fleet { weights: &weights, names: &names }, [0, 1, 2]);
    let firsts: Vec<u32> = (0..30)
        .map(|scope| {
            let mut memory = AnyBalancer::from(RoundRobin {}).fresh(&fleet, draw(11, scope));
            let choice = Choice { fleet, among: &among, object: 0, draw: draw(0, 0), now: SimTime::ZERO };
            let picks: Vec<u32> = (0..4).map(|_| AnyBalancer::from(RoundRobin {}).pick(&mut memory, &choice)).collect();
            assert!(picks.windows(2).all(|pair| pair[1] == (pair[0] + 1) % 3), "{picks:?}");
            picks[0]
        })
        .collect();
    assert!(among.iter().all(|replica| firsts.contains(replica)), "{firsts:?}");
}

/// Which of the objects that were not at replica 3 moves when it leaves, as a share.
fn moved(balancer: &AnyBalancer) -> f64 {
    let (names, weights) = (names(), [1; REPLICAS as usize]);
    let fleet = Fleet { weights: &weights, names: &names };
    let mut memory = balancer.fresh(&fleet, draw(0, 0));
    let mut pick =
        |among: &[u32], object| balancer.pick(&mut memory, &Choice { fleet, among, object, draw: draw(0, object), now: SimTime::ZERO });
    let (whole, rest): (Vec<u32>, Vec<u32>) = ((0..REPLICAS).collect(), (0..REPLICAS).filter(|replica| *replica != 3).collect());
    let before: Vec<u32> = (0..10_000).map(|object| pick(&whole, object)).collect();
    let after: Vec<u32> = (0..10_000).map(|object| pick(&rest, object)).collect();
    let back: Vec<u32> = (0..10_000).map(|object| pick(&whole, object)).collect();
    assert_eq!(before, back, "{}: who returns gets its objects back", balancer.name());
    let stayed: Vec<bool> = before.iter().zip(&after).filter(|(before, _)| **before != 3).map(|(before, after)| before == after).collect();
    stayed.iter().filter(|stayed| !**stayed).count() as f64 / stayed.len() as f64
}

#[test]
fn when_a_replica_leaves_few_objects_of_the_others_move() {
    // The ring keeps its size: with 9 replicas of 114 points in the place of 10 of 103 a tenth of the points are new.
    for (balancer, most) in
        [(AnyBalancer::from(RingHash::default()), 0.12), (BoundedLoad::default().into(), 0.12), (Maglev::default().into(), 0.05)]
    {
        let share = moved(&balancer);
        assert!(share > 0.0 && share < most, "{}: {share}", balancer.name());
    }
}

#[test]
fn a_bounded_load_never_sends_much_more_than_the_average_to_one_replica() {
    let (names, weights, among) = (names(), [1; REPLICAS as usize], (0..REPLICAS).collect::<Vec<u32>>());
    let fleet = Fleet { weights: &weights, names: &names };
    let balancer = AnyBalancer::from(BoundedLoad { hash_balance_factor: 125, ..BoundedLoad::default() });
    let mut memory = balancer.fresh(&fleet, draw(0, 0));
    let mut counts = [0_u64; REPLICAS as usize];
    for n in 0..1_000 {
        // Nine of ten calls are about the same object.
        let object = if n % 10 == 0 { mix(n) } else { 77 };
        let picked = balancer.pick(&mut memory, &Choice { fleet, among: &among, object, draw: draw(0, n), now: SimTime::ZERO });
        balancer.sent(&mut memory, picked, SimTime::ZERO);
        counts[picked as usize] += 1;
        // A replica is taken as long as it has no more than its slots, and may so get one more than them.
        let slots = ((n + 1) * 125).div_ceil(100).div_ceil(10);
        assert!(counts[picked as usize] <= slots + 1, "{picked} has {} of {slots} slots", counts[picked as usize]);
    }
}

#[test]
fn old_numbers_send_everybody_to_the_replica_that_was_idle() {
    let (names, weights, among) = (names(), [1; REPLICAS as usize], (0..REPLICAS).collect::<Vec<u32>>());
    let fleet = Fleet { weights: &weights, names: &names };
    let most_at_one = |stale| {
        let rule = LeastRequest { selection_method: SelectionMethod::FullScan, stale, ..LeastRequest::default() };
        let balancer = AnyBalancer::from(rule);
        let mut memory = balancer.fresh(&fleet, draw(0, 0));
        for replica in (0..REPLICAS).filter(|replica| *replica != 4) {
            balancer.sent(&mut memory, replica, SimTime::ZERO);
        }
        let mut counts = [0; REPLICAS as usize];
        for n in 0..100 {
            let now = SimTime::from_nanos(1_000_000_000 + n);
            let picked = balancer.pick(&mut memory, &Choice { fleet, among: &among, object: 0, draw: draw(4, n), now });
            balancer.sent(&mut memory, picked, now);
            counts[picked as usize] += 1;
        }
        counts.into_iter().max()
    };
    assert_eq!(most_at_one(SimDuration::from_secs(1)), Some(100), "the herd");
    assert!(most_at_one(SimDuration::ZERO) <= Some(11), "fresh numbers spread it");
}

#[test]
fn old_numbers_are_those_of_the_last_look_whoever_came_by_since() {
    let (names, weights) = (names(), [1; REPLICAS as usize]);
    let fleet = Fleet { weights: &weights, names: &names };
    let at_s = |secs: u64| SimTime::from_nanos(secs * 1_000_000_000);
    let balancer = AnyBalancer::from(PowerOfTwoChoices { stale: SimDuration::from_secs(10) });
    let mut memory = balancer.fresh(&fleet, draw(0, 0));
    // At 10 s replica 0 is busy and 1 is not; by 15 s it is the other way round.
    balancer.sent(&mut memory, 0, at_s(5));
    balancer.ended(&mut memory, 0, SimDuration::ZERO, None, at_s(12));
    balancer.sent(&mut memory, 1, at_s(13));
    let mut picks = |now| {
        let choice = |n| Choice { fleet, among: &[0, 1], object: 0, draw: draw(2, n), now };
        (0..20).map(|n| balancer.pick(&mut memory, &choice(n))).collect::<Vec<u32>>()
    };
    assert_eq!(picks(at_s(15)), [1; 20]);
    assert_eq!(picks(at_s(20)), [0; 20]);
}

#[test]
fn a_replica_that_has_not_answered_yet_is_tried_once_and_then_left_alone() {
    let (names, weights) = (names(), [1; REPLICAS as usize]);
    let fleet = Fleet { weights: &weights, names: &names };
    let now = SimTime::from_nanos(1);
    let picks = |default_rtt| {
        let balancer = AnyBalancer::from(PeakEwma { default_rtt, ..PeakEwma::default() });
        let mut memory = balancer.fresh(&fleet, draw(0, 0));
        balancer.sent(&mut memory, 0, now);
        balancer.ended(&mut memory, 0, SimDuration::from_millis(100), None, now);
        let mut picks = Vec::new();
        for n in 0..3 {
            let picked = balancer.pick(&mut memory, &Choice { fleet, among: &[0, 1], object: 0, draw: draw(2, n), now });
            balancer.sent(&mut memory, picked, now);
            picks.push(picked);
        }
        picks
    };
    assert_eq!(picks(None), [1, 0, 0], "the unknown one is free, then worse than any known one");
    assert_eq!(picks(Some(SimDuration::from_millis(30))), [1, 1, 1], "believed to take 30 ms, it costs 30, 60 and 90");
}

#[test]
fn zones_send_every_replica_the_same_load() {
    // Callers 40:40:20, replicas 20:40:40: the first zone keeps half, and sends the rest to the third, which alone has room.
    let (callers, healthy) = ([4_u32, 4, 2], [2_u32, 4, 4]);
    let rule = ZoneAware::default();
    let mut counts = [0_u64; 3];
    for n in 0..20_000 {
        let own = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2][n as usize % 10];
        counts[rule.zone(own, &callers, &healthy, draw(14, n)).expect("zones are looked at")] += 1;
    }
    let distance = chi_square(&counts, &[0.2, 0.4, 0.4]);
    assert!(distance < 18.42, "{counts:?}: beyond the 99.99 % quantile for 2 degrees of freedom");
}

#[test]
fn zones_do_not_matter_to_small_clusters_and_where_nobody_is_at_home() {
    let rule = ZoneAware::default();
    let zone = |callers: &[u32], healthy: &[u32]| rule.zone(0, callers, healthy, draw(1, 1));
    assert_eq!(zone(&[1, 1], &[2, 3]), None, "five replicas");
    assert_eq!(zone(&[1, 1], &[3, 3]), Some(0), "six");
    assert_eq!((zone(&[1], &[9]), zone(&[1, 1], &[0, 9]), zone(&[0, 1], &[4, 5])), (None, None, None));
    let none = ZoneAware { routing_enabled: Share::NONE, ..ZoneAware::default() };
    assert_eq!(none.zone(0, &[1, 1], &[3, 3], draw(1, 1)), None);
    assert_eq!(none.check().len(), 1);
}

#[test]
fn panic_begins_strictly_below_the_threshold_in_whole_percent() {
    let share = |text: &str| text.parse::<Share>().expect("a share");
    assert_eq!((is_panic(50, 100, share("50.9%")), is_panic(49, 100, share("50.9%"))), (false, true));
    assert_eq!((is_panic(0, 0, share("50%")), is_panic(0, 0, share("0%")), is_panic(9, 10, share("100%"))), (true, false, true));
}

#[test]
fn what_makes_no_sense_is_refused_by_the_name_of_its_field() {
    let fields = |complaints: Vec<Complaint>| complaints.into_iter().map(|complaint| complaint.field).collect::<Vec<_>>();
    let refused: [(AnyBalancer, &[&str]); 5] = [
        (
            LeastRequest { choice_count: 1, active_request_bias: -1.0, ..LeastRequest::default() }.into(),
            &["choice_count", "active_request_bias"],
        ),
        (PeakEwma { decay: SimDuration::ZERO, default_rtt: None }.into(), &["decay"]),
        (RingHash { min_ring_size: 9, max_ring_size: 8 }.into(), &["min_ring_size"]),
        (Maglev { table_size: 65_536 }.into(), &["table_size"]),
        (
            BoundedLoad { hash_balance_factor: 99, min_ring_size: 1, max_ring_size: 9_000_000 }.into(),
            &["max_ring_size", "hash_balance_factor"],
        ),
    ];
    for (balancer, expected) in refused {
        assert_eq!(fields(balancer.check()), expected, "{}", balancer.name());
    }
}
