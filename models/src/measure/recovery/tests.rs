//! Recovery, second by second.

use super::*;

/// Judged against what was before the first fault: episodes, and whether the run is stuck.
fn judged(times: &Clockwork, faults: &[(SimTime, Option<SimTime>)], bins: &[Bin], closed: bool) -> (Vec<Episode>, bool) {
    let (episodes, evidence) = episodes(times, faults, bins, closed, Twin::Unknown);
    (episodes, evidence.is_some_and(|evidence| evidence.is_stuck()))
}

fn times(horizon: u64) -> Clockwork {
    Clockwork { horizon: SimDuration::from_secs(horizon), ..Clockwork::default() }
}

const fn at(second: u64) -> SimTime {
    SimTime::from_nanos(second * 1_000_000_000)
}

/// A hundred calls start each second; so many of them succeed.
fn bins(succeeded: impl Fn(u64) -> u64, horizon: u64) -> Vec<Bin> {
    (0..horizon).map(|second| Bin { started: 100, succeeded: succeeded(second), completed: succeeded(second), ..Bin::default() }).collect()
}

#[test]
fn recovery_is_counted_from_the_end_of_the_fault_to_the_end_of_the_last_window_below() {
    let bins = bins(|second| if (20..33).contains(&second) { 0 } else { 100 }, 60);
    let (episodes, stuck) = judged(&times(60), &[(at(20), Some(at(30)))], &bins, false);
    // The last window that holds a bad second is that of 32..37.
    assert_eq!(episodes[0].recovery, Recovery::After(SimDuration::from_secs(7)));
    assert_eq!(episodes[0].downtime, SimDuration::from_secs(13));
    assert_eq!(episodes[0].calls_lost, 1300);
    assert!(!stuck);
}

#[test]
fn a_run_that_stays_down_is_censored_and_stuck() {
    let bins = bins(|second| if second >= 20 { 10 } else { 100 }, 60);
    let (episodes, stuck) = judged(&times(60), &[(at(20), Some(at(30)))], &bins, false);
    assert_eq!(episodes[0].recovery, Recovery::Censored(SimDuration::from_secs(30)));
    assert!(stuck);
}

#[test]
fn who_is_down_before_the_fault_has_nothing_to_come_back_to() {
    let reason = |share: u64, closed: bool| {
        let (episodes, stuck) = judged(&times(60), &[(at(20), Some(at(30)))], &bins(|_| share, 60), closed);
        assert!(!stuck);
        match &episodes[0].recovery {
            Recovery::Undecided(reason) => Some(reason.clone()),
            _ => None,
        }
    };
    assert!(reason(4, false).is_some_and(|reason| reason.contains("only 4.0 % of calls succeed")));
    assert!(reason(49, false).is_some() && reason(50, false).is_none());
    // Under closed load the level is how many succeed in time, whatever share that is.
    assert!(reason(4, true).is_none() && reason(0, true).is_some());
}

#[test]
fn a_run_that_stays_down_because_nobody_calls_is_not_stuck() {
    let mut bins = bins(|second| if second >= 20 { 10 } else { 100 }, 60);
    bins[40..].iter_mut().for_each(|bin| *bin = Bin { started: 50, succeeded: 0, ..Bin::default() });
    assert!(!judged(&times(60), &[(at(20), Some(at(30)))], &bins, false).1);
}

#[test]
fn few_calls_that_come_unevenly_are_offered_as_before() {
    let down = |second: u64| if second >= 20 { 0 } else { 10 };
    let mut bins: Vec<Bin> =
        (0..60).map(|second| Bin { started: 10, succeeded: down(second), completed: down(second), ..Bin::default() }).collect();
    // 70 in the last two windows instead of 90, which is nine tenths of 100: chance. 40 are none.
    bins[50..].iter_mut().for_each(|bin| bin.started = 7);
    assert!(judged(&times(60), &[(at(20), Some(at(30)))], &bins, false).1);
    bins[50..].iter_mut().for_each(|bin| bin.started = 4);
    assert!(!judged(&times(60), &[(at(20), Some(at(30)))], &bins, false).1);
}

#[test]
fn calls_that_the_next_fault_overtakes_do_not_make_the_one_before_last() {
    // A call takes half a second: half of those that start in the second before a strike are struck.
    let succeed = |second: u64| match second {
        20..25 | 40..45 => 0,
        19 | 39 => 50,
        _ => 100,
    };
    let bins = bins(succeed, 80);
    let strikes = [(at(20), Some(at(25))), (at(40), Some(at(45)))];
    let (episodes, _) = judged(&times(80), &strikes, &bins, false);
    assert_eq!(episodes[0].recovery, Recovery::After(SimDuration::from_secs(4)));
}

#[test]
fn a_fault_that_nobody_noticed_leaves_the_run_unharmed() {
    let bins = bins(|second| if second == 21 { 90 } else { 100 }, 60);
    let (episodes, _) = judged(&times(60), &[(at(20), Some(at(30)))], &bins, false);
    assert_eq!(episodes[0].recovery, Recovery::Unharmed);
    assert_eq!(episodes[0].calls_lost, 0);
}

#[test]
fn recovery_needs_a_whole_hold_time_above_before_the_horizon() {
    let bins = bins(|second| if (20..53).contains(&second) { 0 } else { 100 }, 60);
    let (episodes, _) = judged(&times(60), &[(at(20), Some(at(30)))], &bins, false);
    // At the horizon it has been above for seven seconds, and so it is not still down.
    let (after, above) = (SimDuration::from_secs(30), SimDuration::from_secs(7));
    assert_eq!(episodes[0].recovery, Recovery::CutOff { after, above, by_horizon: true });
}

#[test]
fn a_next_episode_that_harms_nothing_is_looked_through() {
    let bins = bins(|second| if (60..72).contains(&second) { 0 } else { 100 }, 200);
    // The crash has no end of its own, and at the next fault service has been back for so many seconds: less than the hold time of five.
    for since in [1, 2, 4] {
        let faults = [(at(60), None), (at(72 + since), Some(at(72 + since)))];
        let (episodes, stuck) = judged(&times(200), &faults, &bins, false);
        let found: Vec<_> = episodes.iter().map(|episode| (episode.recovery.clone(), episode.calls_lost)).collect();
        // The same as if the next fault came much later.
        assert_eq!(found, [(Recovery::After(SimDuration::from_secs(16)), 1200), (Recovery::Unharmed, 0)], "{since}");
        assert!(!stuck && episodes[0].endless && !episodes[1].began_below);
    }
    let far = judged(&times(200), &[(at(60), None), (at(90), Some(at(90)))], &bins, false).0;
    assert_eq!((&far[0].recovery, &far[1].recovery), (&Recovery::After(SimDuration::from_secs(16)), &Recovery::Unharmed));
}

#[test]
fn service_that_was_above_its_level_when_the_next_episode_harmed_it_was_cut_off_and_not_down() {
    let bins = bins(|second| if (60..72).contains(&second) || (76..90).contains(&second) { 0 } else { 100 }, 200);
    let (episodes, _) = judged(&times(200), &[(at(60), None), (at(76), Some(at(88)))], &bins, false);
    let (after, above) = (SimDuration::from_secs(16), SimDuration::from_secs(4));
    assert_eq!(episodes[0].recovery, Recovery::CutOff { after, above, by_horizon: false });
    // What was lost before it began is not the second one's doing.
    assert_eq!((&episodes[1].recovery, episodes[1].calls_lost), (&Recovery::After(SimDuration::from_secs(6)), 1400));
    assert_eq!((episodes[0].calls_lost, episodes[1].began_below), (1200, false));
}

#[test]
fn service_that_gets_no_better_is_not_above_its_level_because_of_one_good_second() {
    // Nine in ten succeed from the fault on, and by luck a little more before the next episode.
    let bins = bins(
        |second| {
            if second >= 75 {
                96
            } else if second >= 60 {
                90
            } else {
                100
            }
        },
        77,
    );
    let (episodes, _) = judged(&times(77), &[(at(60), None)], &bins, false);
    assert_eq!(episodes[0].recovery, Recovery::Censored(SimDuration::from_secs(17)));
}

#[test]
fn an_episode_that_begins_when_service_is_down_already_says_so() {
    let bins = bins(|second| if second >= 60 { 0 } else { 100 }, 200);
    let (episodes, stuck) = judged(&times(200), &[(at(60), None), (at(76), Some(at(76)))], &bins, false);
    assert_eq!(episodes.iter().map(|episode| episode.began_below).collect::<Vec<_>>(), [false, true]);
    assert!(episodes.iter().all(|episode| matches!(episode.recovery, Recovery::Censored(_))) && !stuck);
}

/// So many calls in every so many seconds, none of which succeeds for some time.
fn sparse(every: u64, down: std::ops::Range<u64>, horizon: u64) -> Vec<Bin> {
    let call = |second: u64| u64::from(second.is_multiple_of(every));
    let succeeded = |second: u64| if down.contains(&second) { 0 } else { call(second) };
    (0..horizon)
        .map(|second| Bin { started: call(second), succeeded: succeeded(second), completed: succeeded(second), ..Bin::default() })
        .collect()
}

#[test]
fn where_not_even_a_total_outage_could_be_told_from_luck_nothing_is_said_of_recovery() {
    let outage = [(at(60), Some(at(120)))];
    for closed in [false, true] {
        let (episodes, stuck) = judged(&times(180), &outage, &sparse(10, 60..120, 180), closed);
        let Recovery::Undecided(reason) = &episodes[0].recovery else { panic!("{episodes:?}") };
        assert!(reason.contains("too few calls") && reason.contains("0.5 ") && reason.contains("`hold`"), "{reason}");
        assert!(episodes[0].unmeasured && episodes[0].measured_loss().is_none() && !stuck);
    }
    // The `hold` that is named would do, given time.
    let (hold, horizon) = (SimDuration::from_secs(90), 1_000);
    let longer = Clockwork { hold, ..times(horizon) };
    let (episodes, _) = judged(&longer, &[(at(400), Some(at(500)))], &sparse(10, 400..500, horizon), false);
    assert!(matches!(episodes[0].recovery, Recovery::After(_)), "{episodes:?}");
}

#[test]
fn who_is_seen_to_be_down_is_down_however_few_calls_say_so() {
    let (episodes, _) = judged(&times(180), &[(at(60), None)], &sparse(1, 60..180, 180), false);
    assert_eq!(episodes[0].recovery, Recovery::Censored(SimDuration::from_secs(120)));
}

#[test]
fn service_that_goes_down_without_the_faults_as_well_has_not_come_through_them_unharmed() {
    // The queue fills from the beginning: what the level is taken from is over after six seconds, with the fault or without.
    let bins = bins(|second| if second < 8 { 100 } else { 0 }, 100);
    let mut at_hand = || bins.clone();
    let (episodes, evidence) = episodes(&times(100), &[(at(2), Some(at(3)))], &bins, false, Twin::AtHand(&mut at_hand));
    assert!(matches!(&episodes[0].recovery, Recovery::Undecided(reason) if reason.contains("goes down by itself")), "{episodes:?}");
    assert!(episodes[0].unmeasured && evidence.is_none());
}

#[test]
fn faults_closer_than_the_hold_time_are_one_episode_and_others_censor_each_other() {
    let bins = bins(|second| if (20..50).contains(&second) { 0 } else { 100 }, 80);
    let near = [(at(20), Some(at(25))), (at(28), Some(at(30)))];
    let (united, _) = judged(&times(80), &near, &bins, false);
    assert_eq!(united.len(), 1);
    assert_eq!((united[0].begin, united[0].end), (at(20), at(30)));
    let far = [(at(20), Some(at(25))), (at(40), Some(at(45)))];
    let (apart, _) = judged(&times(80), &far, &bins, false);
    assert_eq!(apart[0].recovery, Recovery::Censored(SimDuration::from_secs(15)));
    assert_eq!(apart[1].recovery, Recovery::After(SimDuration::from_secs(9)));
}

#[test]
fn falling_below_again_after_the_fault_is_a_relapse() {
    let bins = bins(|second| if (20..30).contains(&second) || (40..43).contains(&second) { 0 } else { 100 }, 80);
    let (episodes, _) = judged(&times(80), &[(at(20), Some(at(30)))], &bins, false);
    assert_eq!(episodes[0].relapses, 1);
    assert_eq!(episodes[0].recovery, Recovery::After(SimDuration::from_secs(17)));
}

#[test]
fn without_a_level_it_cannot_be_said() {
    let bins = bins(|_| 100, 60);
    let (episodes, stuck) = judged(&times(60), &[(at(0), Some(at(30)))], &bins, false);
    assert!(matches!(&episodes[0].recovery, Recovery::Undecided(reason) if reason.contains("no level")));
    assert!(!stuck);
}

#[test]
fn chance_alone_pushes_no_window_below_the_level() {
    // Five clients' worth of calls: a window holds 25 of them, and 22 are less than 95 % of that.
    let few = |second: u64| Bin { started: 5, succeeded: 5 - second % 2, completed: 5 - second % 2, ..Bin::default() };
    let bins: Vec<Bin> = (0..60).map(few).collect();
    let (episodes, stuck) = judged(&times(60), &[(at(20), Some(at(30)))], &bins, true);
    assert_eq!(episodes[0].recovery, Recovery::Unharmed);
    assert!(!stuck);
}

#[test]
fn closed_load_is_judged_by_the_number_of_successes() {
    let mut bins = bins(|second| if second >= 30 { 50 } else { 100 }, 60);
    bins.iter_mut().for_each(|bin| bin.started = bin.succeeded);
    let (episodes, stuck) = judged(&times(60), &[(at(20), Some(at(30)))], &bins, true);
    assert_eq!(episodes[0].recovery, Recovery::Censored(SimDuration::from_secs(30)));
    assert!(stuck);
}

#[test]
fn who_is_stuck_has_the_numbers_that_say_so() {
    let bins = bins(|second| if second >= 20 { 10 } else { 100 }, 60);
    let (_, evidence) = episodes(&times(60), &[(at(20), Some(at(30)))], &bins, false, Twin::Unknown);
    let seconds = SimDuration::from_secs;
    let expected = StuckEvidence {
        trigger_gone: Some(seconds(30)),
        watched: seconds(10),
        offered: 1_000,
        offered_before: 1_000,
        load_as_before: true,
        succeeded: 100,
        level: 1_000,
        stays_down: true,
    };
    assert_eq!(evidence, Some(expected));
    assert_eq!((expected.is_stuck(), expected.objection()), (true, None));
}

#[test]
fn a_run_that_was_down_and_is_not_stuck_says_why() {
    let seen = |bins: &[Bin], lasts: Option<u64>| {
        let (_, evidence) = episodes(&times(60), &[(at(20), lasts.map(|lasts| at(20 + lasts)))], bins, false, Twin::Unknown);
        evidence.and_then(|evidence| evidence.objection())
    };
    let down = bins(|second| if second >= 20 { 10 } else { 100 }, 60);
    assert_eq!(seen(&down, None), Some("a fault was still on"));
    assert_eq!(seen(&down, Some(31)), Some("it was not below its level for the last two windows"), "the fault is over for 9 s");
    let late = bins(|second| if (56..59).contains(&second) { 10 } else { 100 }, 60);
    assert_eq!(seen(&late, Some(10)), None, "in the last second it was above again");
    let later = bins(|second| if second >= 56 { 10 } else { 100 }, 60);
    assert_eq!(seen(&later, Some(10)), Some("it was not below its level for the last two windows"), "nothing was wrong before that");
    let mut few = down.clone();
    few[45..].iter_mut().for_each(|bin| (bin.started, bin.succeeded) = (50, 0));
    assert_eq!(seen(&few, Some(10)), Some("fewer calls came than before"));
    assert_eq!(seen(&bins(|_| 100, 60), Some(10)), None, "it has recovered");
}

#[test]
fn under_closed_load_one_unlucky_window_at_the_end_is_not_stuck() {
    // Successes of clients that wait for each other: 40 a second, and 28 in each of the last five seconds.
    let closed = |second: u64| if second < 55 { 40 } else { 28 };
    let bins: Vec<Bin> = (0..60)
        .map(|second| Bin { started: closed(second), succeeded: closed(second), completed: closed(second), ..Bin::default() })
        .collect();
    let (episodes, stuck) = judged(&times(60), &[(at(20), Some(at(30)))], &bins, true);
    assert!(matches!(episodes[0].recovery, Recovery::Censored(_)), "it cannot be said whether that lasts");
    assert!(!stuck);
}

#[test]
fn against_its_twin_a_run_that_would_have_been_slow_anyway_lost_nothing() {
    // From the 20th second on less succeeds, with the fault or without; while it is on, nothing does.
    let twin = bins(|second| if second >= 20 { 60 } else { 100 }, 60);
    let struck = bins(|second| if (20..30).contains(&second) { 0 } else { twin[second as usize].succeeded }, 60);
    let fault = [(at(20), Some(at(30)))];
    let (alone, stuck) = judged(&times(60), &fault, &struck, false);
    assert_eq!((alone[0].recovery.clone(), stuck), (Recovery::Censored(SimDuration::from_secs(30)), true));
    let (beside, evidence) = episodes(&times(60), &fault, &struck, false, Twin::Level(&twin));
    assert_eq!(beside[0].recovery, Recovery::After(SimDuration::from_secs(4)));
    assert_eq!((beside[0].downtime, beside[0].calls_lost), (SimDuration::from_secs(10), 600));
    assert_eq!(evidence, None);
    // Closed load is judged by the successes of each bin.
    let (closed, _) = episodes(&times(60), &fault, &struck, true, Twin::Level(&twin));
    // A window that lacks a fifth of 300 successes may do so by luck.
    assert_eq!((closed[0].recovery.clone(), closed[0].calls_lost), (Recovery::After(SimDuration::from_secs(3)), 600));
}

#[test]
fn against_a_twin_no_time_before_the_fault_is_needed() {
    let (twin, struck) = (bins(|_| 100, 60), bins(|second| if second < 10 { 0 } else { 100 }, 60));
    let fault = [(at(0), Some(at(10)))];
    let (beside, _) = episodes(&times(60), &fault, &struck, false, Twin::Level(&twin));
    assert_eq!(beside[0].recovery, Recovery::After(SimDuration::from_secs(4)));
    let dead = bins(|_| 0, 60);
    let (undecided, evidence) = episodes(&times(60), &fault, &dead, false, Twin::Level(&dead));
    assert!(matches!(&undecided[0].recovery, Recovery::Undecided(reason) if reason.contains("without the faults")));
    assert_eq!(evidence, None);
    let (lasting, evidence) = episodes(&times(60), &fault, &dead, false, Twin::Level(&twin));
    assert_eq!(lasting[0].calls_lost, 6_000);
    assert!(evidence.is_some_and(|evidence| evidence.is_stuck() && evidence.offered_before == 1_000));
}

/// So many of ten calls a second as fail by chance, one of a hundred.
fn unlucky(seed: u64, horizon: u64) -> Vec<Bin> {
    use sim_core::draw::{Key, Seed};
    let draws = |call: u32| Seed::new(seed).draws(Key::named("whether a call fails"), call).choice().index(100);
    let failed = |second: u64| (0..10).filter(|call| draws(second as u32 * 10 + call) == 0).count() as u64;
    let bin = |second| Bin { started: 10, succeeded: 10 - failed(second), completed: 10 - failed(second), ..Bin::default() };
    (0..horizon).map(bin).collect()
}

#[test]
fn of_the_many_windows_of_a_run_hardly_any_is_called_below_by_luck() {
    let harmed = |closed: bool| {
        let found = (0..400).filter(|seed| {
            let (found, _) = judged(&times(600), &[(at(60), Some(at(61)))], &unlucky(*seed, 600), closed);
            found[0].recovery != Recovery::Unharmed
        });
        found.count()
    };
    // 5 % at most are promised.
    assert!(harmed(false) <= 20, "{}", harmed(false));
    assert!(harmed(true) <= 20, "{}", harmed(true));
}

#[test]
fn what_the_run_without_faults_lacks_as_well_is_not_their_doing() {
    let queues = |second: u64| if (45..50).contains(&second) { 40 } else { 100 };
    let calm = bins(queues, 80);
    let struck = bins(|second| if (20..31).contains(&second) { 0 } else { queues(second) }, 80);
    let fault = [(at(20), Some(at(30)))];
    let (alone, _) = judged(&times(80), &fault, &struck, false);
    assert_eq!((alone[0].recovery.clone(), alone[0].relapses), (Recovery::After(SimDuration::from_secs(24)), 1));
    let mut asked = 0;
    let mut at_hand = || {
        asked += 1;
        calm.clone()
    };
    let (beside, _) = episodes(&times(80), &fault, &struck, false, Twin::AtHand(&mut at_hand));
    assert_eq!((beside[0].recovery.clone(), beside[0].relapses), (Recovery::After(SimDuration::from_secs(5)), 0));
    // What falls below both is a relapse, and who never fell again is not asked about.
    let worse = bins(|second| if (45..50).contains(&second) { 10 } else { struck[second as usize].succeeded }, 80);
    let (relapsed, _) = episodes(&times(80), &fault, &worse, false, Twin::AtHand(&mut at_hand));
    assert_eq!((relapsed[0].recovery.clone(), relapsed[0].relapses), (Recovery::After(SimDuration::from_secs(24)), 1));
    let steady = bins(|second| if (20..31).contains(&second) { 0 } else { 100 }, 80);
    episodes(&times(80), &fault, &steady, false, Twin::AtHand(&mut at_hand));
    assert_eq!(asked, 2);
}

#[test]
fn faults_between_which_nothing_could_be_seen_are_one_episode() {
    // Down for five seconds in every ten, and back at once.
    let bins = bins(|second| if (20..65).contains(&second) && second % 10 < 5 { 0 } else { 100 }, 100);
    let faults: Vec<_> = (2..7).map(|nth| (at(10 * nth), Some(at(10 * nth + 5)))).collect();
    let (episodes, _) = judged(&times(100), &faults, &bins, false);
    assert_eq!((episodes.len(), episodes[0].recovery.clone()), (1, Recovery::After(SimDuration::from_secs(4))));
}

#[test]
fn a_run_that_ends_too_soon_after_its_faults_says_so() {
    let bins = bins(|second| if (20..50).contains(&second) { 0 } else { 100 }, 58);
    let (episodes, stuck) = judged(&times(58), &[(at(20), Some(at(50)))], &bins, false);
    assert!(matches!(&episodes[0].recovery, Recovery::Undecided(reason) if reason.contains("let the run go on")), "{episodes:?}");
    assert!(!stuck && episodes[0].downtime == SimDuration::from_secs(30));
}
