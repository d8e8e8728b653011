//! What does a member write to its disk, when is it safe, and what is found there after a crash?
//!
//! One record at a time: the term, the vote, and the entries that are new since the last record. While a sync is under way further
//! changes gather for the next one. Now and then a record stands for itself (a *checkpoint*): it holds a snapshot of the state and
//! everything behind it, and the records before it are overwritten from then on.

use super::command::{Config, Entry, Store};
use super::log::{Log, Mark};
use super::message::Message;
use crate::disks::{Found, Slots};
use crate::protocols::To;
use std::collections::VecDeque;
use std::sync::Arc;

/// What came of the log up to somewhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Up to here.
    pub end: Mark,
    /// Who votes there.
    pub config: Config,
    /// The state.
    pub store: Store,
}

/// A record on the disk of a member.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The how-manieth record it is.
    pub sequence: u64,
    /// The term of the member.
    pub term: u64,
    /// Whom it voted for in that term.
    pub vote: Option<u32>,
    /// The index of the first entry: what the log held from there on is no longer true.
    pub from: u64,
    /// Entries.
    pub entries: Arc<[Entry]>,
    /// Of a checkpoint: what came of the log before.
    pub snapshot: Option<Arc<Snapshot>>,
}

/// What waits until something is safe.
#[derive(Clone, Debug)]
pub(super) enum Deferred {
    /// A message.
    Send(To, Message),
    /// The plea to be elected in this term.
    Campaign(u64),
}

/// What a member knows of its disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Journal {
    /// The number of the next record.
    next: u64,
    /// The number of the last checkpoint that is safe.
    checkpoint: u64,
    /// The record that is being written: up to which index, and its number if it is a checkpoint.
    busy: Option<Flush>,
    /// How many records were begun, and how many of those are done.
    begun: u64,
    done: u64,
    /// Whether the term or the vote changed since the last record.
    is_dirty: bool,
    /// The first index that is in no record.
    unwritten: u64,
    /// Up to this index the log is safe.
    safe: u64,
    /// Whether the next record is to stand for itself.
    wants_checkpoint: bool,
    /// Whether there was no room, and nothing is tried for a while.
    pub(super) is_paused: bool,
    waiting: VecDeque<(u64, Deferred)>,
}

#[derive(Clone, Copy, Debug)]
struct Flush {
    upto: u64,
    checkpoint: Option<u64>,
    has_failed: bool,
}

/// A disk has so many places for records, if old ones are overwritten.
const PLACES: u64 = 4096;

/// Where a record is written.
const fn place(sequence: u64, reuses: bool) -> u64 {
    if reuses { sequence % PLACES } else { sequence }
}

impl Journal {
    /// Of a member whose log ends before `unwritten`, nothing of which is known to be safe.
    pub(super) fn starting(next: u64, unwritten: u64, wants_checkpoint: bool) -> Self {
        Self { next, unwritten, wants_checkpoint, checkpoint: next, ..Self::default() }
    }

    /// The term or the vote changed.
    pub(super) fn is_marked(&mut self) {
        self.is_dirty = true;
    }

    /// The log is new from this index on.
    pub(super) fn is_new_from(&mut self, index: u64) {
        self.unwritten = self.unwritten.min(index);
        self.safe = self.safe.min(index - 1);
        if let Some(busy) = &mut self.busy {
            busy.upto = busy.upto.min(index - 1);
        }
    }

    /// The next record is to stand for itself.
    pub(super) fn checkpoint(&mut self) {
        self.wants_checkpoint = true;
    }

    /// Up to this index the log is safe.
    pub(super) const fn safe(&self) -> u64 {
        self.safe
    }

    fn has_news(&self, log: &Log) -> bool {
        self.is_dirty || self.wants_checkpoint || self.unwritten <= log.last()
    }

    /// Keeps something until everything there is now is safe; hands it back if it is already.
    pub(super) fn defer(&mut self, log: &Log, what: Deferred) -> Option<Deferred> {
        let until = if self.has_news(log) {
            self.begun + 1
        } else if self.busy.is_some() {
            self.begun
        } else {
            return Some(what);
        };
        self.waiting.push_back((until, what));
        None
    }

    /// The next record and its place, if there is something to be written and nothing is being written. `reuses`: whether places are
    /// used again.
    pub(super) fn flush(
        &mut self,
        log: &Log,
        (term, vote): (u64, Option<u32>),
        snapshot: &Arc<Snapshot>,
        reuses: bool,
    ) -> Option<(u64, Record)> {
        if self.busy.is_some() || self.is_paused || !self.has_news(log) {
            return None;
        }
        let sequence = self.next;
        let is_checkpoint = self.wants_checkpoint || reuses && sequence - self.checkpoint > PLACES / 2;
        let from = if is_checkpoint { snapshot.end.index + 1 } else { self.unwritten };
        let entries = log.some(from, usize::MAX);
        let snapshot = is_checkpoint.then(|| Arc::clone(snapshot));
        self.next += 1;
        self.begun += 1;
        self.unwritten = log.last() + 1;
        (self.is_dirty, self.wants_checkpoint) = (false, false);
        self.busy = Some(Flush { upto: log.last(), checkpoint: is_checkpoint.then_some(sequence), has_failed: false });
        Some((place(sequence, reuses), Record { sequence, term, vote, from, entries, snapshot }))
    }

    /// There was no room for the record.
    pub(super) fn found_no_room(&mut self) {
        if let Some(busy) = &mut self.busy {
            busy.has_failed = true;
        }
    }

    /// The record is on the medium, if there was room for it; whether there was.
    pub(super) fn synced(&mut self) -> bool {
        let Some(busy) = self.busy.take() else { return true };
        if busy.has_failed {
            (self.is_dirty, self.wants_checkpoint, self.is_paused) = (true, true, true);
            return false;
        }
        self.done = self.begun;
        self.safe = busy.upto;
        self.checkpoint = busy.checkpoint.unwrap_or(self.checkpoint);
        true
    }

    /// The next of what waited for something that is safe now.
    pub(super) fn released(&mut self) -> Option<Deferred> {
        let is_due = self.waiting.front().is_some_and(|&(until, _)| until <= self.done);
        if is_due { self.waiting.pop_front().map(|(_, what)| what) } else { None }
    }
}

/// What a member finds on its disk.
#[derive(Clone, Debug)]
pub(super) struct Findings {
    pub(super) term: u64,
    pub(super) vote: Option<u32>,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) log: Log,
    /// The number of the next record.
    pub(super) next: u64,
    /// Whether the last record was torn, and is no part of what was found.
    pub(super) is_torn: bool,
}

/// Reads a disk; nothing if records are damaged or missing of which it cannot be said that they were never safe: who has forgotten what
/// it promised must not vote. A disk on which nothing was ever written belongs to a member that begins as `first`.
pub(super) fn found(disk: &dyn Slots<Record>, first: &Arc<Snapshot>, reuses: bool) -> Option<Findings> {
    let read = |place| if let Found::Record(record) = disk.read(place) { Some(record) } else { None };
    let mut records: Vec<&Record> = (0..disk.end()).filter_map(read).collect();
    records.sort_unstable_by_key(|record| record.sequence);
    let begin = records.iter().rposition(|record| record.snapshot.is_some()).unwrap_or(0);
    let snapshot = records.get(begin).and_then(|record| record.snapshot.clone()).unwrap_or_else(|| Arc::clone(first));
    let log = Log::after(snapshot.end, snapshot.config);
    let mut findings = Findings { term: 0, vote: None, snapshot, log, next: 0, is_torn: false };
    for (count, record) in records[begin..].iter().enumerate() {
        let is_first = count == 0 && (record.snapshot.is_some() || record.sequence == 0);
        if !is_first && (count == 0 || record.sequence != findings.next) || record.from > findings.log.last() + 1 {
            return None;
        }
        (findings.term, findings.vote, findings.next) = (record.term, record.vote, record.sequence + 1);
        if !record.entries.is_empty() {
            findings.log.cut(record.from);
            record.entries.iter().for_each(|&entry| {
                findings.log.push(entry);
            });
        }
    }
    // At most one record is not synced at any time. (One that has rotted there looks the same, and is taken for torn.)
    findings.is_torn = disk.read(place(findings.next, reuses)) == Found::Damaged;
    Some(findings)
}

#[cfg(test)]
mod tests {
    use super::super::command::Command;
    use super::*;
    use crate::disks::Disk;

    fn log(terms: &[u64]) -> Log {
        let mut log = Log::after(Mark::default(), Config { voters: 0b111, done: 0 });
        terms.iter().for_each(|&term| {
            log.push(Entry { term, command: Command::Nothing });
        });
        log
    }

    fn first() -> Arc<Snapshot> {
        Arc::new(Snapshot { config: Config { voters: 0b111, done: 0 }, ..Snapshot::default() })
    }

    fn message(number: u64) -> Deferred {
        Deferred::Campaign(number)
    }

    #[test]
    fn what_depends_on_a_change_waits_for_the_record_that_holds_it() {
        let mut log = log(&[1, 1]);
        let mut journal = Journal::starting(0, 1, false);
        assert!(journal.defer(&log, message(1)).is_none());
        let (place, record) = journal.flush(&log, (1, None), &first(), true).expect("there is something to write");
        assert_eq!((place, record.from, record.entries.len()), (0, 1, 2));
        log.push(Entry { term: 1, command: Command::Nothing });
        assert!(journal.defer(&log, message(2)).is_none(), "the third entry is in no record yet");
        assert!(journal.flush(&log, (1, None), &first(), true).is_none(), "one at a time");
        assert!(journal.released().is_none());
        assert!(journal.synced());
        assert!(matches!(journal.released(), Some(Deferred::Campaign(1))));
        assert!(journal.released().is_none());
        assert_eq!(journal.safe(), 2);
        assert_eq!(journal.flush(&log, (1, None), &first(), true).map(|(place, record)| (place, record.from)), Some((1, 3)));
        assert!(journal.synced() && journal.released().is_some());
        assert!(journal.defer(&log, message(3)).is_some(), "everything is safe");
    }

    #[test]
    fn entries_that_are_exchanged_while_they_are_written_are_not_safe() {
        let mut log = log(&[1, 1, 1]);
        let mut journal = Journal::starting(0, 1, false);
        journal.flush(&log, (1, None), &first(), true).expect("there is something to write");
        log.cut(2);
        log.push(Entry { term: 2, command: Command::Nothing });
        journal.is_new_from(2);
        assert!(journal.synced());
        assert_eq!(journal.safe(), 1);
        let (_, record) = journal.flush(&log, (2, None), &first(), true).expect("the new entry is to be written");
        assert_eq!((record.from, record.entries.len()), (2, 1));
    }

    #[test]
    fn a_record_without_room_is_followed_by_one_that_stands_for_itself() {
        let log = log(&[1, 1]);
        let mut journal = Journal::starting(0, 1, false);
        journal.defer(&log, message(1));
        journal.flush(&log, (1, None), &first(), true);
        journal.found_no_room();
        assert!(!journal.synced() && journal.released().is_none());
        assert!(journal.flush(&log, (1, None), &first(), true).is_none(), "not at once");
        journal.is_paused = false;
        let (_, record) = journal.flush(&log, (1, None), &first(), true).expect("it is tried again");
        assert!(record.snapshot.is_some() && record.entries.len() == 2);
        assert!(journal.synced() && journal.released().is_some());
    }

    fn written(records: &[Record]) -> Disk<Record> {
        let mut disk = Disk::default();
        records.iter().for_each(|record| disk.write(record.sequence % PLACES, record.clone()));
        disk
    }

    fn record(sequence: u64, from: u64, terms: &[u64]) -> Record {
        let entries = terms.iter().map(|&term| Entry { term, command: Command::Nothing }).collect();
        Record { sequence, term: terms.last().copied().unwrap_or(9), vote: Some(1), from, entries, snapshot: None }
    }

    #[test]
    fn a_log_is_what_its_records_say_one_after_the_other() {
        let found = found(&written(&[record(0, 1, &[1, 1, 1]), record(1, 2, &[2]), record(2, 3, &[])]), &first(), true)
            .expect("nothing is missing");
        assert_eq!((found.log.last(), found.log.last_term(), found.term, found.next), (2, 2, 9, 3));
        assert_eq!(found.log.end(), log(&[1, 2]).end());
    }

    #[test]
    fn a_checkpoint_needs_nothing_before_it_and_a_gap_behind_it_is_not_believed() {
        let snapshot = Snapshot { end: Mark { index: 5, term: 2, chain: 7 }, ..(*first()).clone() };
        let checkpoint = Record { snapshot: Some(Arc::new(snapshot)), ..record(5000, 6, &[3]) };
        let read =
            found(&written(&[record(4998, 1, &[1]), checkpoint.clone(), record(5001, 7, &[3])]), &first(), true).expect("all is there");
        assert_eq!((read.log.base().index, read.log.last(), read.next), (5, 7, 5002));
        assert!(found(&written(&[checkpoint, record(5002, 8, &[3])]), &first(), true).is_none());
        assert!(found(&written(&[record(1, 1, &[1])]), &first(), true).is_none(), "the first record is gone");
        assert_eq!(found(&Disk::default(), &first(), true).map(|found| found.log.last()), Some(0));
    }
}
