//! What stores of several members promise, and what counters and payments do: whoever is cut off, dies or lies.

use crate::agreement::{asked, harassed, liar, observed, room, sound, struck, violated};
use crate::*;
use models::faults::{Conduct, Partition};
use models::properties::{AnyProperty, Linearizable, Stated};
use models::protocols::{
    BackupRule, Backups, ByzantineRegister, Chain, ChainRule, CounterRule, Data, Group, GrowOnlyCounter, PaymentRule, Payments,
    PrimaryBackup, RegisterRule,
};
use std::collections::BTreeSet;

fn backups(acknowledge: Backups, without: &[BackupRule]) -> PrimaryBackup {
    PrimaryBackup { acknowledge, keys: 5, without: without.to_vec(), domain: room(), ..PrimaryBackup::default() }
}

/// What runs of a store violate whose members are cut off from each other in turn, and die in turn.
fn parted(group: impl Into<Group>, members: u32, cut: [u32; 3], seeds: u64) -> BTreeSet<String> {
    let group = group.into();
    let mut found = BTreeSet::new();
    for seed in 1..=seeds {
        let name = |member: u32| format!("group[{member}]");
        let cut_off = |member: u32, begin: u64| {
            let others = (0..members).filter(|&other| other != member).map(name).collect();
            struck(Partition { groups: vec![Names::one(&name(member)), Names(others)], one_way: false }, begin, 3_000)
        };
        let mut faults: Vec<PlannedFault> =
            cut.into_iter().zip([3_000, 8_000, 13_000]).map(|(member, begin)| cut_off(member, begin)).collect();
        faults.push(crash("group[1]", ms(19_000), Some(ms(2_500)), WhileDown::Silence));
        faults.push(crash("group[0]", ms(23_000), Some(ms(2_500)), WhileDown::Silence));
        let mut spec = asked(group.clone(), 40, faults);
        spec.properties.push(Stated::Any(AnyProperty::Linearizable(Linearizable { states: 1_000_000 })));
        let ended = sound(&spec, seed);
        assert!(ended.measures.succeeded > 300, "{}: {}", group.name(), ended.measures.succeeded);
        found.extend(violated(&ended).into_iter().map(str::to_owned));
    }
    found
}

#[test]
fn a_backup_that_takes_over_knows_what_was_acknowledged_if_somebody_had_it_before() {
    for acknowledge in [Backups::One, Backups::Majority, Backups::All] {
        assert_eq!(parted(backups(acknowledge, &[]), 3, [0, 1, 2], 3), BTreeSet::new(), "{acknowledge:?}");
    }
    assert!(parted(backups(Backups::None, &[]), 3, [0, 1, 2], 3).contains("KeepsAcknowledged"));
    let hasty = [BackupRule::MajorityTakeover, BackupRule::EpochFencing, BackupRule::ConfirmedReads];
    for rule in [&hasty[2..], &hasty[..]] {
        assert!(parted(backups(Backups::One, rule), 3, [0, 1, 2], 3).contains("Linearizable"), "{rule:?}");
    }
}

#[test]
fn a_chain_is_linearizable_whoever_is_cut_off_unless_a_rule_is_broken() {
    let chain = |without: &[ChainRule]| Chain { keys: 5, without: without.to_vec(), domain: room(), ..Chain::default() };
    // The tail first: who reads there is answered as long as it believes that it is the tail. The last member is the master.
    let cut = [2, 1, 0];
    assert_eq!(parted(chain(&[]), 4, cut, 4), BTreeSet::new());
    for rule in [ChainRule::TailAcknowledges, ChainRule::TailReads, ChainRule::Lease] {
        assert!(parted(chain(&[rule]), 4, cut, 4).contains("Linearizable"), "{rule:?}");
    }
}

#[test]
fn a_register_bears_one_liar_among_four_if_values_are_signed_and_among_five_if_they_are_not() {
    let register = ByzantineRegister { domain: room(), ..ByzantineRegister::default() };
    let found = |register: &ByzantineRegister| {
        let mut found = BTreeSet::new();
        for seed in 1..=6 {
            let mut spec = asked(register.clone(), 40, vec![struck(liar("group", 1, Conduct::WrongAnswers(Share::ALL)), 1_000, 28_000)]);
            spec.links[0].loss = Share::percent(5);
            spec.stacks[0].1 = vec![timeout(ms(300))];
            spec.properties.push(Stated::Any(AnyProperty::Linearizable(Linearizable { states: 1_000_000 })));
            found.extend(violated(&sound(&spec, seed)).into_iter().map(str::to_owned));
        }
        !found.is_empty()
    };
    assert!(!found(&register));
    assert!(found(&ByzantineRegister { members: 3, quorum: Some(2), ..register.clone() }));
    let plain = ByzantineRegister { members: 5, data: Data::Plain, ..register };
    assert!(!found(&plain));
    assert!(found(&ByzantineRegister { without: vec![RegisterRule::Vouching], ..plain }));
}

#[test]
fn a_counter_is_never_too_high_and_always_available_unless_it_adds_what_it_hears() {
    let counter =
        |without: &[CounterRule]| GrowOnlyCounter { members: 4, without: without.to_vec(), domain: room(), ..GrowOnlyCounter::default() };
    let found = |without: &[CounterRule]| {
        let ended = sound(&harassed(counter(without)), 1);
        violated(&ended).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(found(&[]).is_empty());
    assert_eq!(found(&[CounterRule::GreaterEntry]), ["NeverTooMuch"]);
    let names = |names: &[&str]| Names(names.iter().map(|name| (*name).to_owned()).collect());
    let parts = vec![names(&["group[0]"]), names(&["group[1]", "group[2]", "group[3]"])];
    let ended = sound(&asked(counter(&[]), 20, vec![struck(Partition { groups: parts, one_way: false }, 5_000, 20_000)]), 1);
    // All but those who ask when everybody is dead.
    assert!(ended.measures.succeeded + 6 > ended.measures.calls, "{} of {}", ended.measures.succeeded, ended.measures.calls);
    assert!(observed(&ended, "additions that a read missed") > 20);
}

#[test]
fn a_call_is_charged_once_if_its_key_is_remembered() {
    let charged = |payments: Payments| {
        let mut spec = asked(payments, 20, Vec::new());
        spec.links[0].loss = Share::percent(5);
        spec.stacks[0].1 = vec![retry(4, AnyBackoff::Immediate(models::strategies::backoff::Immediate {})), timeout(ms(200))];
        let ended = sound(&spec, 1);
        assert_eq!(violated(&ended).contains("ChargedOnce"), observed(&ended, "charges made again") > 0);
        observed(&ended, "charges made again")
    };
    let payments = || Payments { domain: room(), ..Payments::default() };
    assert_eq!(charged(payments()), 0);
    assert!(charged(Payments { without: vec![PaymentRule::IdempotencyKeys], ..payments() }) > 10);
    assert!(charged(Payments { remembers: ms(100), ..payments() }) > 10);
}
