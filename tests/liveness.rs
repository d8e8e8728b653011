//! Does what works go on, though the rest is dead for ever or lies for ever, and does it stay right?
//!
//! Members of a group crash and are cut off from each other for a while; then a core of it is healed, and the rest stays dead for ever. From 5 s on
//! somebody is always answered within some time. In the same way replicas that bear traitors go on and agree while one of them is among them
//! for ever, whatever kind it is. (`bugs` demands the same of the fixed variant of every bug in its list.)

use scenarios::parallel::map_in_index_order;
use scenarios::properties::Verdict;
use scenarios::run::run;
use scenarios::scenario::ArmPlan;
use scenarios::text::Source;
use scenarios::{Extent, Scenario, read};
use sim_core::simulation::TieBreak;
use std::collections::BTreeMap;

/// A group of which so many members may be dead for ever.
struct Core {
    group: &'static str,
    /// Those of whom some die, by their index.
    members: u32,
    dead: u32,
    /// What holds beside progress.
    safety: &'static str,
}

const CORES: &[Core] = &[
    Core { group: "Pbft(checkpoint_every: 16, domain: \"room\")", members: 4, dead: 1, safety: "Agreement(), Linearizable()" },
    Core { group: "Pbft(members: 7, faults: 2, domain: \"room\")", members: 7, dead: 2, safety: "Agreement(), Linearizable()" },
    Core { group: "ByzantineRegister(domain: \"room\")", members: 4, dead: 1, safety: "Linearizable()" },
    Core { group: "ByzantineRegister(members: 5, data: Plain, domain: \"room\")", members: 5, dead: 1, safety: "Linearizable()" },
    Core {
        group: "PrimaryBackup(keys: 5, acknowledge: One, domain: \"room\")",
        members: 3,
        dead: 1,
        safety: "KeepsAcknowledged(), Linearizable()",
    },
    Core {
        group: "PrimaryBackup(members: 5, keys: 5, acknowledge: Majority, domain: \"room\")",
        members: 5,
        dead: 2,
        safety: "KeepsAcknowledged(), Linearizable()",
    },
    // The master, which is the last member, does not die in the paper either.
    Core { group: "Chain(keys: 5, domain: \"room\")", members: 3, dead: 2, safety: "KeepsAcknowledged(), Linearizable()" },
    Core { group: "Chain(servers: 5, keys: 5, domain: \"room\")", members: 5, dead: 2, safety: "KeepsAcknowledged(), Linearizable()" },
    Core { group: "Raft(members: 5, keys: 5, domain: \"room\")", members: 5, dead: 2, safety: "StateMachineSafety(), Linearizable()" },
    Core {
        group: "QuorumRegister(members: 5, read_quorum: 3, write_quorum: 3, domain: \"room\")",
        members: 5,
        dead: 2,
        safety: "Linearizable()",
    },
    Core { group: "GrowOnlyCounter(members: 4, domain: \"room\")", members: 4, dead: 3, safety: "NeverTooMuch()" },
];

impl Core {
    /// All crash once, one is cut off for a while, and some, which are others for every seed, die for ever.
    fn scenario(&self, seed: u64) -> Scenario {
        let member = |place: u64| format!("\"db[{}]\"", (seed + place) % u64::from(self.members));
        let dead: Vec<String> = (0..u64::from(self.dead)).map(member).collect();
        let faults = format!(
            "Crash(node: \"db\", at: \"1s\", lasts: \"500ms\"), Isolation(node: {}, shape: One, at: \"2500ms\", lasts: \"2s\"), \
             Crash(node: [{}], at: \"2s\")",
            member(u64::from(self.dead)),
            dead.join(", ")
        );
        scenario(self.group, &faults, "Progress(within: \"8s\", after: \"5s\")", self.safety)
    }
}

fn scenario(group: &str, faults: &str, progress: &str, safety: &str) -> Scenario {
    let text = format!(
        "(schema: 1, name: \"core\", horizon: \"20s\",
          nodes: {{ \"app\": Clients(count: 10, arrivals: Poisson(rate: \"20/s\"), calls: \"db\", domain: \"room\") }},
          groups: {{ \"db\": {group} }},
          links: [Link(from: \"room\", to: \"room\", delay: Uniform(low: \"1ms\", high: \"10ms\"))],
          stacks: {{ \"app -> db\": [Retry(attempts: 3, backoff: FullJitter(base: \"50ms\", cap: \"500ms\")), Timeout(\"1s\")] }},
          faults: [{faults}],
          properties: [{progress}, {safety}])"
    );
    read(Source::new("core.ron", &text), "core.ron", &[], Extent::AsWritten)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)))
}

/// How often each property was violated, or said nothing, in one run of each of so many seeds; nothing of those that always held.
fn troubles(seeds: u64, scenario: impl Fn(u64) -> Scenario + Sync) -> BTreeMap<(String, &'static str), Vec<u64>> {
    let one = |index: usize| {
        let seed = index as u64 + 1;
        judged(&scenario(seed).cells[0].arms[0], seed)
    };
    collected(seeds, one)
}

fn judged(arm: &ArmPlan, seed: u64) -> Vec<(String, &'static str)> {
    let findings = run(arm, seed, TieBreak::ByRank, None).measures.findings;
    findings
        .into_iter()
        .filter(|finding| finding.verdict != Verdict::Holds)
        .map(|finding| (finding.property, finding.verdict.name()))
        .collect()
}

fn collected(seeds: u64, one: impl Fn(usize) -> Vec<(String, &'static str)> + Sync) -> BTreeMap<(String, &'static str), Vec<u64>> {
    let mut found: BTreeMap<(String, &'static str), Vec<u64>> = BTreeMap::new();
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    map_in_index_order(
        jobs,
        seeds as usize,
        || true,
        one,
        |index, troubles| {
            for trouble in troubles.into_iter().flatten() {
                found.entry(trouble).or_default().push(index as u64 + 1);
            }
        },
    )
    .expect("threads start");
    found
}

#[test]
fn a_healed_core_goes_on_though_the_rest_is_dead_for_ever() {
    for core in CORES {
        let found = troubles(20, |seed| core.scenario(seed));
        assert!(found.is_empty(), "{}: {found:?}", core.group);
    }
}

#[test]
fn a_core_that_is_too_small_is_found_to_stand_still() {
    for core in [&CORES[0], &CORES[2], &CORES[4], &CORES[8]] {
        let too_many = Core { dead: core.dead + 1, ..*core };
        let found = troubles(5, |seed| too_many.scenario(seed));
        let stands_still =
            found.iter().find(|((property, verdict), _)| property.starts_with("Progress") && *verdict == Verdict::Violated.name());
        assert_eq!(stands_still.map(|(_, seeds)| seeds.len()), Some(5), "{}: {found:?}", core.group);
        assert_eq!(found.len(), 1, "and nothing else is wrong: {found:?}");
    }
}

/// A chain that comes to pieces again and again, up to all of it at once, and is whole for 20 s at the end.
const PIECES: &str = r#"(schema: 1, name: "pieces", horizon: "40s",
    nodes: { "app": Clients(count: 10, arrivals: Poisson(rate: "20/s"), calls: "db", domain: "room") },
    groups: { "db": Chain(keys: 5, domain: "room") },
    links: [Link(from: "room", to: "room", delay: Uniform(low: "1ms", high: "10ms"))],
    stacks: { "app -> db": [Retry(attempts: 3, backoff: FullJitter(base: "50ms", cap: "500ms")), Timeout("1s")] },
    storm: Storm(from: "1s", lasts: "15s", quiet: "20s", most: 12, shortest: "100ms", longest: "3s", max_down: 4, families: [
        Crash(node: "db"), Pause(node: "db"), Isolation(shape: Minority, node: "db"), Isolation(shape: One, node: "db"),
        BadLink(from: "room", to: "room", delay: Exponential(mean: "50ms"), loss: "10%")]),
    properties: [Progress(within: "8s"), KeepsAcknowledged(), Linearizable()])"#;

#[test]
fn a_chain_that_came_to_pieces_goes_on_when_it_is_whole_and_has_kept_what_it_acknowledged() {
    let scenario = read(Source::new("pieces.ron", PIECES), "pieces.ron", &[], Extent::AsWritten)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
    let found = collected(SEEDS, |index| judged(&scenario.cells[0].arms[0], index as u64 + 1));
    assert!(found.is_empty(), "{found:?}");
}

/// The head of a chain is cut off with writes under way, the others go on without it, and it comes back at the end of the chain, without anybody
/// who writes any more; then the next head dies.
const REJOINS: &str = r#"(schema: 1, name: "rejoins", horizon: "12s",
    nodes: { "app": Clients(count: 10, arrivals: Piecewise(rates: [("0s", "40/s"), ("3400ms", "0/s")]), calls: "db", domain: "room") },
    groups: { "db": Chain(keys: 5, reads: "0%", domain: "room") },
    links: [Link(from: "room", to: "room", delay: Uniform(low: "1ms", high: "10ms"))],
    stacks: { "app -> db": [Timeout("1s")] },
    faults: [Partition(groups: [["db[0]"], ["db[1]", "db[2]", "db[3]"]], at: "3s", lasts: "3s"), Crash(node: "db[1]", at: "8s")],
    properties: [KeepsAcknowledged(), Linearizable()])"#;

#[test]
fn what_the_head_of_a_chain_had_under_way_is_not_acknowledged_when_it_comes_back_as_its_tail() {
    let scenario = read(Source::new("rejoins.ron", REJOINS), "rejoins.ron", &[], Extent::AsWritten)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
    let found = collected(20, |index| judged(&scenario.cells[0].arms[0], index as u64 + 1));
    assert!(found.is_empty(), "{found:?}");
}

/// A way that makes a second copy of one message in twenty, and lets one in ten be overtaken.
fn copies(from: &str) -> String {
    format!("Link(from: \"{from}\", to: \"room\", delay: Exponential(mean: \"10ms\"), duplicate: \"5%\", reorder: \"10%\")")
}

/// Groups that know a call again, or to which a second copy of a question is another one; and what they promise.
const KNOW_CALLS: &[(&str, &str)] = &[
    ("Raft(members: 5, keys: 5, domain: \"room\")", "StateMachineSafety(), Linearizable()"),
    ("Pbft(checkpoint_every: 16, domain: \"room\")", "Agreement(), Linearizable()"),
    ("Payments(accounts: 4, domain: \"room\")", "ChargedOnce(), AtMostOnce(), Linearizable()"),
    ("Payments(transfers: \"80%\", audits: \"20%\", domain: \"room\")", "ChargedOnce(), ConservationOfMoney(total: 1000)"),
    ("TwoPhaseCommit(participants: 3, domain: \"room\")", "Atomicity(), Integrity()"),
    ("TwoPhaseCommit(coordinators: 3, participants: 3, domain: \"room\")", "Atomicity(), Integrity()"),
    ("TwoPhaseCommit(phases: Three, participants: 3, domain: \"room\")", "Atomicity(), Integrity()"),
];

/// Those to which a copy of a write is a write, so that one that comes late may write over another: only what members say to each other is copied.
const DO_AGAIN: &[(&str, &str)] = &[
    (
        "DistributedLock(holders: 2, ttl: \"1s\", work: \"100ms\", prepares: \"20ms\", domain: \"room\")",
        "ExclusiveHolding(), OneWriterAtATime()",
    ),
    ("Generals(members: 4, round: \"300ms\", domain: \"room\")", "Agreement(), Validity(), Integrity()"),
    ("KeyValue(members: 2, acknowledge: All, keys: 5, domain: \"room\")", "Linearizable()"),
];

#[test]
fn copies_of_messages_that_come_late_and_out_of_order_break_no_promise() {
    let clean = "Link(from: \"app\", to: \"room\", delay: Exponential(mean: \"10ms\"))";
    let cores = CORES.iter().map(|core| (core.group, core.safety));
    let again = DO_AGAIN.iter().copied().chain(cores).map(|(group, safety)| (group, safety, clean.to_owned()));
    for (group, safety, way) in KNOW_CALLS.iter().map(|(group, safety)| (*group, *safety, copies("app"))).chain(again) {
        let text = format!(
            "(schema: 1, name: \"copies\", horizon: \"20s\",
              nodes: {{ \"app\": Clients(count: 10, arrivals: Poisson(rate: \"30/s\"), calls: \"db\", domain: \"app\") }},
              groups: {{ \"db\": {group} }}, links: [{}, {way}],
              stacks: {{ \"app -> db\": [Timeout(\"2s\")] }}, properties: [{safety}])",
            copies("room")
        );
        let scenario = read(Source::new("copies.ron", &text), "copies.ron", &[], Extent::AsWritten)
            .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
        let found = collected(20, |index| judged(&scenario.cells[0].arms[0], index as u64 + 1));
        assert!(found.is_empty(), "{group}: {found:?}");
    }
}

/// Replicas with this checkpoint and load, at whom this happens: how many of all calls succeed.
fn served(checkpoint: u32, rate: u32, faults: &str) -> f64 {
    let text = format!(
        "(schema: 1, name: \"served\", horizon: \"60s\", warm_up: \"2s\",
          nodes: {{ \"app\": Clients(count: 50, arrivals: Poisson(rate: \"{rate}/s\"), calls: \"db\", domain: \"app\") }},
          groups: {{ \"db\": Pbft(checkpoint_every: {checkpoint}, domain: \"room\") }},
          links: [Link(from: \"room\", to: \"room\", delay: Exponential(mean: \"5ms\")), Link(from: \"app\", to: \"room\", delay: Exponential(mean: \"3ms\"))],
          stacks: {{ \"app -> db\": [Timeout(\"1s\")] }}, faults: [{faults}], properties: [Agreement()])"
    );
    let scenario = read(Source::new("served.ron", &text), "served.ron", &[], Extent::AsWritten)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
    let share = |seed| {
        let run = run(&scenario.cells[0].arms[0], seed, TieBreak::ByRank, None).measures;
        assert!(run.findings.iter().all(|finding| finding.verdict == Verdict::Holds), "{:?}", run.findings);
        run.succeeded as f64 / run.calls as f64
    };
    (1..=3).map(share).fold(1.0, f64::min)
}

#[test]
fn replicas_whose_window_is_full_or_who_have_missed_something_are_told_again() {
    // Nothing is wrong, and the log is short.
    let calm = served(8, 160, "");
    assert!(calm > 0.99, "{calm}");
    // Two or five of sixty seconds are bad, and what was missed then is made up for soon.
    let lossy = served(
        8,
        60,
        "BadLink(from: \"room\", to: \"room\", delay: Exponential(mean: \"50ms\"), loss: \"10%\", at: \"10s\", lasts: \"5s\")",
    );
    assert!(lossy > 0.85, "{lossy}");
    let parted = served(64, 400, "Partition(groups: [[\"db[0]\", \"db[1]\"], [\"db[2]\", \"db[3]\"]], at: \"10s\", lasts: \"2s\")");
    assert!(parted > 0.85, "{parted}");
}

/// Nobody asks for anything for half a minute.
const IDLE: &str = r#"(schema: 1, name: "idle", horizon: "60s",
    nodes: { "app": Clients(count: 1, arrivals: Piecewise(rates: [("0s", "5/s"), ("3s", "0/s"), ("40s", "5/s")]), calls: "db", domain: "room") },
    groups: { "db": Pbft(domain: "room") },
    links: [Link(from: "room", to: "room", delay: Uniform(low: "1ms", high: "10ms"))],
    stacks: { "app -> db": [Timeout("10s")] },
    properties: [Never(event: "WantsView"), Agreement()])"#;

#[test]
fn replicas_whom_nobody_asks_for_anything_want_no_other_primary() {
    let scenario = read(Source::new("idle.ron", IDLE), "idle.ron", &[], Extent::AsWritten)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
    let found = collected(5, |index| judged(&scenario.cells[0].arms[0], index as u64 + 1));
    assert!(found.is_empty(), "{found:?}");
}

/// Every kind of traitor.
const TRAITORS: &[&str] = &[
    "Silent",
    "Selective(\"db\")",
    "WrongAnswers(\"100%\")",
    "WrongAnswers(\"30%\")",
    "Replay(\"100%\")",
    "Replay(\"30%\")",
    "Equivocate(\"100%\")",
    "Equivocate(\"50%\")",
];

const SEEDS: u64 = 200;

/// Replicas of whom one, another one for every seed, is a traitor of this kind from 1 s on for ever: at first the primary in every `members`-th seed.
fn betrayed(members: u64, conduct: &str, seed: u64) -> Scenario {
    let traitor = format!("Byzantine(node: \"db[{}]\", f: 1, beyond: true, conduct: {conduct}, at: \"1s\")", seed % members);
    replicas(members, &traitor)
}

fn replicas(members: u64, faults: &str) -> Scenario {
    let group = format!("Pbft(members: {members}, faults: 1, keys: 3, checkpoint_every: 16, domain: \"room\")");
    scenario(&group, faults, "Progress(within: \"5s\", after: \"2s\")", "Agreement(), Linearizable()")
}

#[test]
fn four_replicas_agree_and_go_on_whatever_kind_of_traitor_is_among_them_for_ever() {
    for conduct in TRAITORS {
        let found = troubles(SEEDS, |seed| betrayed(4, conduct, seed));
        assert!(found.is_empty(), "{conduct}: {found:?}");
    }
}

fn with_twin(members: u64, seed: u64) -> Scenario {
    replicas(members, &format!("Twins(node: \"db[{}]\", starts: Restored, at: \"1s\")", seed % members))
}

#[test]
fn four_replicas_agree_and_go_on_though_one_of_them_is_there_twice_for_ever() {
    let found = troubles(SEEDS, |seed| with_twin(4, seed));
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn three_replicas_are_parted_by_some_traitor() {
    for conduct in ["WrongAnswers(\"30%\")", "Equivocate(\"100%\")"] {
        let found = troubles(SEEDS, |seed| betrayed(3, conduct, seed));
        assert!(found.contains_key(&("Agreement".to_owned(), Verdict::Violated.name())), "{conduct}: {found:?}");
    }
}

#[test]
fn the_lying_primary_of_the_library_parts_three_replicas_and_never_four() {
    let shipped = scenarios::library::find("lying-primary").expect("it is shipped").text;
    // As long as its first traitor and a little more.
    let changes = [("horizon".to_owned(), "31s".to_owned())];
    let scenario = read(Source::new("lying-primary", shipped), "lying-primary", &changes, Extent::AsWritten)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
    let found = |arm: &str, seeds| {
        let arm = &scenario.cells[0].arms[scenario.arm(arm).expect("the arm exists")];
        collected(seeds, |index| judged(arm, index as u64 + 1))
    };
    let four = found("four", SEEDS);
    assert!(four.is_empty(), "{four:?}");
    assert!(found("three", 50).contains_key(&("Agreement".to_owned(), Verdict::Violated.name())));
}
