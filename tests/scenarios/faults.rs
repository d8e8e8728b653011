//! What do the scenarios about faults promise in their comments?

use super::{arm, assert_within, results};

#[test]
fn crash_and_return_loses_a_third_a_ninth_and_a_27th_and_silence_costs_the_timeout() {
    let results = results("crash-and-return");
    for cell in 0..2 {
        for (name, lost) in [("no retries", 1.0 / 3.0), ("one retry", 1.0 / 9.0), ("two retries", 1.0 / 27.0)] {
            // The calls of the last second may be answered after the return, by their second or third attempt.
            assert_within(name, (1.0 - arm(&results, cell, name).availability(30..48)) / lost, 0.93..=1.07);
        }
    }
    let p99 = |cell| arm(&results, cell, "two retries").median(|run| run.latency.p99.as_secs_f64());
    assert_within("p99 where the dead machine is silent", p99(0), 0.9..=1.2);
    assert_within("p99 where it refuses", p99(1), 0.08..=0.13);
}

#[test]
fn repair_crews_keep_as_many_machines_up_as_the_closed_form_says() {
    let results = results("repair-crews");
    for (cell, majority, all, calls) in [(0, 0.697, 0.199, 0.641), (1, 0.905, 0.315, 0.781), (2, 0.942, 0.328, 0.800)] {
        let runs = arm(&results, cell, "as written");
        let up = |members| {
            let sums = runs.runs().map(|run| run.up[0].at_least(members)).fold((0, 0), |sum, up| (sum.0 + up.0, sum.1 + up.1));
            sums.0 as f64 / sums.1 as f64
        };
        // The first half hour of twelve is without failures.
        let share = |long: f64| (long * 11.5 + 0.483) / 11.983;
        assert_within("a majority", up(3) / share(majority), 0.95..=1.05);
        assert_within("all", up(5) / share(all), 0.9..=1.1);
        assert_within("calls", runs.total(|run| run.succeeded) / runs.total(|run| run.calls) / share(calls), 0.96..=1.04);
    }
}

#[test]
fn chaos_experiment_is_aborted_borne_or_never_begun() {
    let results = results("chaos-experiment");
    let outcomes = |name| arm(&results, 0, name).runs().map(|run| run.experiment.expect("it is one")).collect::<Vec<_>>();
    let second = |at: sim_core::time::SimTime| at.as_secs_f64();
    assert!(
        outcomes("no retries").iter().all(|one| one.held_before && matches!(one.aborted.map(second), Some(66.0 | 67.0)) && one.held_after)
    );
    assert!(outcomes("two retries").iter().all(|one| one.held_before && one.aborted.is_none() && one.held_after));
    assert!(outcomes("too small").iter().all(|one| !one.held_before && one.aborted.is_none()));
    assert!(arm(&results, 0, "too small").runs().all(|run| run.episodes.is_empty()));
}

#[test]
fn second_blow_strikes_when_it_said_it_would() {
    let results = results("second-blow");
    assert!(results.manifest.instants_differ);
    for name in ["no retries", "one retry"] {
        for run in arm(&results, 0, name).runs() {
            let episode = &run.episodes[0];
            assert_eq!(episode.begin.as_nanos(), 30_000_000_000);
            let last = run.episodes.last().expect("there is one").end.as_secs_f64();
            // 10.1 s after 40 s the second ends; the third waits for a good second after 50 s, and lasts 10 s.
            assert_within(name, last, 60.9..=75.0);
        }
    }
}

#[test]
fn slow_node_loses_what_a_dead_one_loses_and_takes_longer_to_return() {
    let results = results("slow-node");
    let by_name = |name: &str| arm(&results, 0, name);
    // The first half second of the fault and the last of its queue are not yet, or no longer, lost.
    for (name, lost) in [("timeout", 1.0 / 3.0), ("one retry", 1.0 / 9.0), ("three retries", 1.0 / 81.0)] {
        assert_within(name, (1.0 - by_name(name).availability(35..60)) / lost, 0.9..=1.1);
    }
    assert_within("timeout", by_name("timeout").recovery(), 14.0..=20.0);
    assert_within("one retry", by_name("one retry").recovery(), 25.0..=33.0);
    assert_within("longest wait", by_name("wait for ever").median(|run| run.latency.max.as_secs_f64()), 20.0..=26.0);
}

#[test]
fn zone_cut_loses_everything_a_third_or_a_27th() {
    let results = results("zone-cut");
    let during = |name| arm(&results, 0, name).availability(32..49);
    assert_within("timeout 5s", during("timeout 5s"), 0.0..=0.1);
    assert_within("timeout 200ms", during("timeout 200ms"), 0.65..=0.68);
    assert_within("timeout 200ms, 3 tries", during("timeout 200ms, 3 tries"), 0.955..=0.97);
}

#[test]
fn a_cut_that_answers_tells_its_callers_sooner() {
    let results = results("cut-that-answers");
    let failing = |cell, name| arm(&results, cell, name).median(|run| run.failure_latency.p50.as_secs_f64());
    let cell = |how: &str| results.manifest.cells.iter().position(|values| values[0] == how).expect("it is varied") as u32;
    assert_within("silence", failing(cell("Blackhole"), "three retries"), 0.999..=1.001);
    for how in ["Refuse", "Reset"] {
        assert_within(how, failing(cell(how), "three retries"), 0.2298..=0.2302);
        assert_within(how, failing(cell(how), "deadline alone"), 0.0199..=0.0201);
    }
}

#[test]
fn a_dishonest_replica_is_wrong_as_often_as_its_comment_says_and_retries_do_not_help() {
    let results = results("dishonest-replica");
    for name in ["one attempt", "four attempts"] {
        let arm = arm(&results, 0, name);
        assert_within(name, arm.total(|run| run.wrong) / arm.total(|run| run.calls), 0.0115..=0.0135);
    }
}

#[test]
fn a_bad_deploy_hurts_as_many_replicas_as_it_reaches_before_the_rollback() {
    let results = results("bad-deploy");
    let cell = |pace: &str| results.manifest.cells.iter().position(|values| values[0] == pace).expect("it is varied") as u32;
    for (pace, one, two) in [("30s", 1.875, 0.125), ("10s", 4.69, 0.755), ("0s", 9.375, 4.69)] {
        for (name, failing) in [("one attempt", one), ("two attempts", two)] {
            let arm = arm(&results, cell(pace), name);
            let failed = 100.0 - 100.0 * arm.total(|run| run.succeeded) / arm.total(|run| run.calls);
            assert_within(&format!("{name}, {pace}"), failed, failing * 0.95 - 0.05..=failing * 1.05 + 0.05);
        }
    }
}

#[test]
fn jobs_in_step_fail_the_calls_of_two_seconds_a_round_and_jobs_out_of_step_none() {
    let results = results("synchronised-jobs");
    let available = |cell| {
        let arm = arm(&results, cell, "as written");
        100.0 * arm.total(|run| run.succeeded) / arm.total(|run| run.calls)
    };
    assert_within("in step", available(0), 91.5..=93.3);
    assert_within("out of step", available(1), 99.7..=100.0);
}
