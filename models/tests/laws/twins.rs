//! What do two instances of one identity do?

use crate::*;
use models::environment::DiskLoss;
use models::faults::{Start, Twins};
use models::protocols::{Counted, Group, Heartbeats, KeyValue, Lease};

/// Callers in `app` and members in `room`, without losses; all members die in the end.
fn talking(group: Group, mut faults: Vec<PlannedFault>) -> SystemSpec {
    faults.push(crash("group", ms(28_000), None, WhileDown::Silence));
    let mut spec = SystemSpec {
        clients: vec![("app".to_owned(), clients(5, "group", poisson(20))), ("web".to_owned(), clients(5, "group", poisson(20)))],
        groups: vec![("group".to_owned(), group)],
        links: vec![link("app", "room", Distribution::Constant(ms(10))), link("room", "room", Distribution::Constant(ms(10)))],
        stacks: ["app", "web"].map(|who| (format!("{who} -> group"), vec![timeout(ms(300))])).to_vec(),
        faults,
        ..SystemSpec::default()
    };
    spec.clockwork.horizon = SimDuration::from_secs(30);
    spec
}

fn twin(node: &str, starts: Start, splits: &[&[&str]]) -> PlannedFault {
    let names = |names: &&[&str]| Names(names.iter().map(|&name| name.to_owned()).collect());
    let twins = Twins { node: Names::one(node), domain: Names::default(), starts, splits: splits.iter().map(names).collect() };
    PlannedFault::once(AnyFault::Twins(twins), ms(5_000), Some(ms(10_000)))
}

fn room() -> Placement {
    Placement(vec!["room".to_owned()])
}

fn lease() -> Group {
    Group::Lease(Lease {
        holders: 1,
        length: SimDuration::from_secs(2),
        counted: Counted::FromRequest,
        renews_after: Some(ms(500)),
        domain: room(),
        message_size: USUAL_SIZE,
        authenticated: false,
    })
}

fn store() -> KeyValue {
    KeyValue { keys: 5, domain: room(), ..KeyValue::default() }
}

fn observed(ended: &Ended, name: &str) -> i64 {
    ended.measures.observations.iter().find(|one| one.name == name).map_or(0, |one| one.value)
}

fn sound(spec: &SystemSpec) -> Ended {
    let ended = play(spec, 1);
    let messages = ended.measures.messages;
    assert_eq!(messages.sent + messages.copied, messages.arrived + messages.all_lost(), "{messages:?}");
    assert_eq!(ended.in_use, (0, 0));
    ended
}

#[test]
fn a_holder_and_its_twin_both_hold_a_lease_that_is_lent_to_one() {
    let two = |faults| observed(&sound(&talking(lease(), faults)), "leases held twice");
    assert_eq!(two(Vec::new()), 0);
    assert!(two(vec![twin("group[1]", Start::Restored, &[])]) > 0);
    assert!(two(vec![twin("group[1]", Start::Fresh, &[])]) > 0);
    // Only the first hears the server, so that only it is told.
    assert_eq!(two(vec![twin("group[1]", Start::Restored, &[&["group[0]"], &["app"]])]), 0);
}

#[test]
fn of_a_split_identity_each_caller_meets_its_own_instance() {
    // The first alone has the lease, and the twin alone hears `web`, so that half of its calls fail while the fault is on.
    let ended = sound(&talking(lease(), vec![twin("group[1]", Start::Fresh, &[&["group[0]", "app"], &["web"]])]));
    let refused = ended.measures.failed[models::outcome::Failure::Refused.index()];
    assert!((150..260).contains(&refused), "20 calls a second for ten seconds: {refused}");
}

#[test]
fn a_primary_and_its_twin_acknowledge_different_writes_in_one_place() {
    let conflicts = |splits: &[&[&str]], starts| {
        let ended = sound(&talking(Group::KeyValue(store()), vec![twin("group[0]", starts, splits)]));
        observed(&ended, "writes acknowledged into a slot of another")
    };
    assert!(conflicts(&[&["app"], &["web"]], Start::Restored) > 50);
    assert_eq!(conflicts(&[], Start::Restored), 0, "both hear everything, in the same order");
    let stale = |faults| observed(&sound(&talking(Group::KeyValue(store()), faults)), "stale reads");
    assert_eq!(stale(Vec::new()), 0);
    assert!(stale(vec![twin("group[0]", Start::Fresh, &[&["app"], &["web"]])]) > 10, "the twin knows nothing");
}

#[test]
fn a_restored_twin_knows_what_is_on_the_disk_and_dies_with_its_node() {
    let reads = |starts| {
        let spec = KeyValue { reads: Share::percent(90), ..store() };
        let ended = sound(&talking(Group::KeyValue(spec), vec![twin("group[0]", starts, &[])]));
        observed(&ended, "stale reads")
    };
    assert!(reads(Start::Fresh) > reads(Start::Restored));
    // A crash of the node strikes both, and both come back with what they had.
    let kill = Crash { node: Names::one("group[0]"), disk: DiskLoss::UnsyncedLost, ..Crash::default() };
    let kill = PlannedFault::once(AnyFault::Crash(kill), ms(8_000), Some(ms(1_000)));
    let ended = sound(&talking(Group::KeyValue(store()), vec![twin("group[0]", Start::Restored, &[]), kill]));
    assert_eq!(observed(&ended, "recoveries"), 1 + 2, "the twin once when it starts, and both after the crash");
    assert_eq!(observed(&ended, "acknowledged writes lost"), 0);
}

#[test]
fn twins_leave_what_others_draw_as_it_was_and_nothing_behind() {
    let beats = Group::Heartbeats(Heartbeats {
        members: 3,
        every: SimDuration::from_secs(1),
        detector: models::protocols::Detector::FixedTimeout(ms(2_500)),
        domain: room(),
        message_size: USUAL_SIZE,
        authenticated: false,
    });
    let names = |ended: &Ended| -> std::collections::BTreeSet<String> {
        let sent = |record: &Record| match record {
            Record::MemberSent(name) if name.ordinal < 1 << 31 => Some(format!("{name:?}")),
            _ => None,
        };
        ended.seen.iter().filter_map(|(_, record)| sent(record)).collect()
    };
    let (plain, twinned) =
        (sound(&talking(beats.clone(), Vec::new())), sound(&talking(beats.clone(), vec![twin("group[1]", Start::Restored, &[])])));
    assert_eq!(names(&plain), names(&twinned));
    let of_twins = twinned.seen.iter().filter(|(_, record)| matches!(record, Record::MemberSent(name) if name.ordinal >= 1 << 31)).count();
    assert_eq!(of_twins, 20, "a beat to each of two others in each of ten seconds");
    // A twin hides a crash of neither: its node is that of both.
    let ended = sound(&talking(
        beats,
        vec![twin("group[1]", Start::Restored, &[]), crash("group[1]", ms(7_000), Some(ms(5_000)), WhileDown::Silence)],
    ));
    assert_eq!(observed(&ended, "detections"), 2);
}

#[test]
fn a_twin_that_cannot_be_is_refused() {
    let refused = |fault: PlannedFault| Plan::new(&talking(lease(), vec![fault])).expect_err("it cannot be").remove(0).message;
    assert!(refused(twin("group[1]", Start::Fresh, &[&["app"], &["web", "app"]])).contains("both lists"));
    assert!(refused(twin("group[1]", Start::Fresh, &[&["app"]])).contains("two lists"));
    assert!(refused(twin("group[7]", Start::Fresh, &[])).contains("group"));
    let mut spec = pair(
        clients(1, "server", once()),
        service(Distribution::Constant(ms(1))),
        link("app", "server", Distribution::Constant(ms(1))),
        Vec::new(),
    );
    spec.faults = vec![twin("server", Start::Fresh, &[])];
    assert!(Plan::new(&spec).expect_err("a service has no identities").remove(0).message.contains("is a service"));
}
