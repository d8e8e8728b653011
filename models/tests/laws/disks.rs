//! What is on the disks of members, after faults of every kind?

use crate::faults::ended_as;
use crate::*;
use models::disks::DiskSpeed;
use models::environment::DiskLoss;
use models::faults::{CorruptDisk, DiskFull, DiskSlow, DiskStall, LostWrites, MisdirectedWrites, Pause};
use models::outcome::Failure;
use models::protocols::{Acknowledge, Group, KeyValue, Row, Sync, Verify};

/// Runs begin a nanosecond late; faults do not.
const ONE: SimDuration = SimDuration::NANOSECOND;

fn fixed(millis: u64) -> Distribution {
    Distribution::Constant(ms(millis))
}

/// Callers in `app`, 10 ms away from members in `room`, which are 1 ms away from each other. Writing takes 2 ms, a sync 20 ms, loading
/// a record 1 us.
fn stored(store: KeyValue, arrivals: Arrivals, faults: Vec<PlannedFault>) -> SystemSpec {
    let disk = DiskSpeed { write: fixed(2), sync: fixed(20), read: Distribution::Constant(SimDuration::from_micros(1)) };
    let store = KeyValue { disk, domain: Placement(vec!["room".to_owned()]), ..store };
    let mut spec = SystemSpec {
        clients: vec![("app".to_owned(), clients(1, "db", arrivals))],
        groups: vec![("db".to_owned(), Group::KeyValue(store))],
        links: vec![link("app", "room", fixed(10)), link("room", "room", fixed(1))],
        faults,
        ..SystemSpec::default()
    };
    spec.clockwork.horizon = SimDuration::from_secs(10);
    spec
}

/// Twenty calls a second, half of them writes; all members die in the end, so that nothing goes on for ever.
fn busy(store: KeyValue, mut faults: Vec<PlannedFault>) -> SystemSpec {
    faults.push(crash("db", ms(9_900), None, WhileDown::Silence));
    let mut spec = stored(KeyValue { keys: 20, ..store }, poisson(20), faults);
    spec.stacks = vec![("app -> db".to_owned(), vec![timeout(ms(400))])];
    spec
}

/// One write, at the start.
fn one_write(store: KeyValue, faults: Vec<PlannedFault>) -> SystemSpec {
    stored(KeyValue { reads: Share::NONE, ..store }, once(), faults)
}

/// When members answered: 10 ms before their callers knew.
fn answers(spec: &SystemSpec) -> Vec<SimDuration> {
    ended_as(&play(spec, 1)).into_iter().map(|(at, _)| at - ms(10)).collect()
}

fn loses(node: &str, disk: DiskLoss, begin: u64, lasts: u64) -> PlannedFault {
    PlannedFault::once(AnyFault::Crash(Crash { node: Names::one(node), disk, ..Crash::default() }), ms(begin), Some(ms(lasts)))
}

fn observed(ended: &Ended, name: &str) -> i64 {
    ended.measures.observations.iter().find(|one| one.name == name).map_or(0, |one| one.value)
}

/// What is observed in twenty runs together.
fn in_all(spec: &SystemSpec, names: &[&str]) -> Vec<i64> {
    let mut sums = vec![0; names.len()];
    for seed in 1..=20 {
        let ended = play(spec, seed);
        let messages = ended.measures.messages;
        assert_eq!(messages.sent + messages.copied, messages.arrived + messages.all_lost(), "{messages:?}");
        assert_eq!(ended.in_use, (0, 0));
        sums.iter_mut().zip(names).for_each(|(sum, name)| *sum += observed(&ended, name));
    }
    sums
}

const LOST: &str = "acknowledged writes lost";

fn lost(store: KeyValue, faults: Vec<PlannedFault>) -> i64 {
    in_all(&busy(store, faults), &[LOST])[0]
}

#[test]
fn a_write_is_acknowledged_when_it_is_as_safe_as_was_asked() {
    let with = |sync| one_write(KeyValue { sync, ..KeyValue::default() }, vec![crash("db", ms(5_000), None, WhileDown::Silence)]);
    assert_eq!(answers(&with(Sync::Never)), [ms(12)]);
    assert_eq!(answers(&with(Sync::Every(ms(100)))), [ms(12)]);
    assert_eq!(answers(&with(Sync::EveryWrite)), [ms(32)]);
    // To a follower and back is 2 ms; both disks work at the same time but for the first write.
    let all = KeyValue { members: 3, acknowledge: Acknowledge::All, ..KeyValue::default() };
    assert_eq!(answers(&one_write(all, Vec::new())), [ms(12 + 1 + 2 + 20 + 1)]);
}

#[test]
fn disks_that_are_slow_or_stand_still_hold_writes_up_and_full_ones_refuse_them() {
    let node = || Names::one("db");
    let domain = Names::default;
    let struck =
        |fault: AnyFault, begin, lasts| one_write(KeyValue::default(), vec![PlannedFault::once(fault, ms(begin), Some(ms(lasts)))]);
    let slow = |factor| AnyFault::DiskSlow(DiskSlow { node: node(), domain: domain(), factor });
    assert_eq!(answers(&struck(slow(3.0), 1, 500)), [ms(10 + 6 + 60)]);
    // The sync begins at 12 ms; from 22 ms to 42 ms it is four times as slow, and 5 ms of it are done then.
    assert_eq!(answers(&struck(slow(4.0), 22, 20)), [ms(47)]);
    let stall = || AnyFault::DiskStall(DiskStall { node: node(), domain: domain() });
    assert_eq!(answers(&struck(stall(), 22, 100)), [ms(132)]);
    assert_eq!(answers(&struck(stall(), 1, 100)), [ms(101 + 22) - ONE]);
    let full = || AnyFault::DiskFull(DiskFull { node: node(), domain: domain() });
    let refused = struck(full(), 1, 100);
    assert_eq!(answers(&refused), [ms(12)]);
    assert_eq!(play(&refused, 1).measures.failed[Failure::Refused.index()], 1);
    assert_eq!(answers(&struck(full(), 11, 100)), [ms(32)], "what has begun has its room");
}

#[test]
fn a_member_that_stood_still_hears_afterwards_what_its_disk_has_done() {
    let pause = |begin, lasts| {
        let pause = Pause { node: Names::one("db"), ..Pause::default() };
        one_write(KeyValue::default(), vec![PlannedFault::once(AnyFault::Pause(pause), ms(begin), Some(ms(lasts)))])
    };
    // The write is done at 12 ms, and heard at 111 ms; then comes the sync.
    assert_eq!(answers(&pause(11, 100)), [ms(111 + 20) - ONE]);
    assert_eq!(answers(&pause(20, 100)), [ms(120) - ONE]);
    assert_eq!(answers(&pause(20, 5)), [ms(32)], "the disk went on");
}

#[test]
fn only_what_was_synced_survives_a_machine_and_nothing_survives_a_disk() {
    let with = |sync| KeyValue { sync, ..KeyValue::default() };
    let crashes = |disk| vec![loses("db[0]", disk, 3_000, 500), loses("db[0]", disk, 6_000, 500)];
    for sync in [Sync::EveryWrite, Sync::Every(ms(100)), Sync::Never] {
        assert_eq!(lost(with(sync), crashes(DiskLoss::Kept)), 0, "{sync:?}: only the process died");
        assert!(lost(with(sync), crashes(DiskLoss::AllLost)) > 500, "{sync:?}");
    }
    assert_eq!(lost(with(Sync::EveryWrite), crashes(DiskLoss::UnsyncedLost)), 0);
    let (often, never) =
        (lost(with(Sync::Every(ms(100))), crashes(DiskLoss::UnsyncedLost)), lost(with(Sync::Never), crashes(DiskLoss::UnsyncedLost)));
    assert!((1..60).contains(&often), "{often}");
    assert!(never > 5 * often, "{never} and {often}");
}

#[test]
fn what_a_process_left_in_the_cache_is_lost_with_its_machine_later() {
    let never = || KeyValue { sync: Sync::Never, ..KeyValue::default() };
    let kept = || loses("db[0]", DiskLoss::Kept, 3_000, 500);
    assert_eq!(lost(never(), vec![kept()]), 0);
    // The machine goes while the process is down, and is back before it: the worst counts, whichever ends last.
    assert!(lost(never(), vec![kept(), loses("db[0]", DiskLoss::UnsyncedLost, 3_100, 100)]) > 100);
    assert_eq!(lost(KeyValue::default(), vec![kept(), loses("db[0]", DiskLoss::UnsyncedLost, 3_100, 100)]), 0);
}

#[test]
fn a_record_that_is_torn_is_dropped_by_a_checksum_and_believed_without() {
    let names = ["torn records dropped", "corrupt reads served"];
    let with = |verify| {
        busy(KeyValue { sync: Sync::Never, verify, ..KeyValue::default() }, vec![loses("db[0]", DiskLoss::UnsyncedLost, 5_000, 100)])
    };
    let (checked, believed) = (in_all(&with(Verify::Checksum), &names), in_all(&with(Verify::Nothing), &names));
    assert!(checked[0] >= 5 && checked[1] == 0, "{checked:?}");
    assert!(believed[0] == 0 && believed[1] > 2, "{believed:?}");
}

#[test]
fn followers_give_a_primary_back_what_it_lost_if_they_had_to_have_it() {
    let with = |acknowledge, sync| KeyValue { members: 3, acknowledge, sync, ..KeyValue::default() };
    for disk in [DiskLoss::UnsyncedLost, DiskLoss::AllLost] {
        assert_eq!(lost(with(Acknowledge::All, Sync::Never), vec![loses("db[0]", disk, 4_000, 500)]), 0, "{disk:?}");
        assert!(lost(with(Acknowledge::Primary, Sync::Never), vec![loses("db[0]", disk, 4_000, 500)]) > 0, "{disk:?}");
    }
    // All at once lose what none of them has synced.
    assert!(lost(with(Acknowledge::All, Sync::Never), vec![loses("db", DiskLoss::UnsyncedLost, 4_000, 500)]) > 0);
    // A follower that lost everything catches up: the primary may lose everything later.
    let one_by_one = vec![
        loses("db[1]", DiskLoss::AllLost, 2_000, 100),
        loses("db[2]", DiskLoss::AllLost, 4_000, 100),
        loses("db[0]", DiskLoss::AllLost, 6_000, 500),
    ];
    assert_eq!(lost(with(Acknowledge::All, Sync::EveryWrite), one_by_one), 0);
}

#[test]
fn corruption_lost_and_misdirected_writes_are_found_by_who_looks_for_them() {
    let names = [LOST, "corrupt reads served", "damaged records found", "records found missing", "stale reads"];
    let domain = Names::default;
    let (node, share) = (|| Names::one("db[0]"), Share::percent(20));
    let run = |fault: AnyFault, verify| {
        let faults = vec![PlannedFault::once(fault, ms(1_000), Some(ms(4_000))), loses("db[0]", DiskLoss::Kept, 6_000, 200)];
        in_all(&busy(KeyValue { verify, ..KeyValue::default() }, faults), &names)
    };
    let rot = || AnyFault::CorruptDisk(CorruptDisk { node: node(), domain: domain(), share });
    let [nothing, checksum] = [Verify::Nothing, Verify::Checksum].map(|verify| run(rot(), verify));
    assert!(nothing[0] > 50 && nothing[1] > 15 && nothing[2] == 0, "{nothing:?}");
    assert!(checksum[0] > 50 && checksum[1] == 0 && checksum[2] > 50, "{checksum:?}");
    let lost_writes = || AnyFault::LostWrites(LostWrites { node: node(), domain: domain(), share });
    let checksum = run(lost_writes(), Verify::ChecksumAndPlace);
    assert!(checksum[0] > 50 && checksum[2] == 0 && checksum[3] > 50 && checksum[4] > 0, "{checksum:?}");
    let misdirected = || AnyFault::MisdirectedWrites(MisdirectedWrites { node: node(), domain: domain(), share });
    let [checksum, place] = [Verify::Checksum, Verify::ChecksumAndPlace].map(|verify| run(misdirected(), verify));
    assert!(checksum[0] > 50 && checksum[2] == 0, "{checksum:?}");
    assert!(place[0] > 50 && place[2] > 50, "{place:?}");
    // What rots, is lost or lands elsewhere after the fault is nothing.
    let later = |fault: AnyFault| {
        let faults = vec![PlannedFault::once(fault, SimDuration::NANOSECOND, Some(ms(5))), loses("db[0]", DiskLoss::Kept, 6_000, 200)];
        lost(KeyValue::default(), faults)
    };
    assert_eq!([later(rot()), later(lost_writes()), later(misdirected())], [0, 0, 0]);
}

#[test]
fn a_fault_of_disks_strikes_only_who_keeps_something_on_one() {
    let rot = |node: &str| {
        let fault = CorruptDisk { node: Names::one(node), domain: Names::default(), share: Share::percent(1) };
        PlannedFault::once(AnyFault::CorruptDisk(fault), ms(1), None)
    };
    let row = Group::Row(Row { domain: Placement(vec!["server".to_owned()]), message_size: USUAL_SIZE });
    let refused = |fault| {
        let mut spec = pair(clients(1, "server", once()), service(fixed(1)), link("app", "server", fixed(1)), Vec::new());
        spec.groups = vec![("row".to_owned(), row.clone())];
        spec.faults = vec![fault];
        Plan::new(&spec).expect_err("nobody has a disk").remove(0).message
    };
    assert!(refused(rot("server")).contains("keeps nothing on a disk"), "{}", refused(rot("server")));
    let stall = AnyFault::DiskStall(DiskStall { node: Names::one("row"), ..DiskStall::default() });
    assert!(refused(PlannedFault::once(stall, ms(1), None)).contains("writes nothing"));
    assert!(refused(rot("row[0]")).contains("writes nothing"));
}
