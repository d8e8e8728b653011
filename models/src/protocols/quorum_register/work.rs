//! How far has a read or a write come, whoever coordinates it?

use super::message::Version;
use super::{QuorumRegister, QuorumRule};

/// A read or a write under way.
#[derive(Clone, Debug)]
pub struct Work {
    /// The key.
    pub(super) key: u32,
    /// What is written; nothing for a read.
    writes: Option<u64>,
    phase: Phase,
    /// What replicas have said that they have.
    heard: Vec<(u32, Version)>,
    /// Those that have what is being stored.
    stored: Vec<u32>,
    /// Those that cannot be reached.
    refused: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Replicas are asked what they have.
    Asking,
    /// They are told to keep this.
    Storing(Version),
    /// Whoever wanted it has been answered.
    Over(Version),
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Wait.
    Wait,
    /// Have the replicas keep this that are not known to have it.
    Store(Version),
    /// Answer that it is done: with the value, if it is a read.
    Done(Option<u64>),
    /// Answer that there are not enough replicas.
    Fail,
}

impl Work {
    /// A read of a key.
    pub(super) const fn read(key: u32) -> Self {
        Self { key, writes: None, phase: Phase::Asking, heard: Vec::new(), stored: Vec::new(), refused: Vec::new() }
    }

    /// A write to a key: of a version with this number, or of the one after those that are found.
    pub(super) fn write(key: u32, value: u64, number: Option<i64>) -> Self {
        let phase = number.map_or(Phase::Asking, |number| Phase::Storing(Version { number, value }));
        Self { writes: Some(value), phase, ..Self::read(key) }
    }

    /// What is to be stored from the begin on, if replicas need not be asked first.
    pub(super) const fn stores_at_once(&self) -> Option<Version> {
        if let Phase::Storing(version) = self.phase { Some(version) } else { None }
    }

    /// Whether whoever wanted it has been answered.
    pub(super) const fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over(_))
    }

    /// The version that it stores, has stored, or has answered.
    pub(super) const fn version(&self) -> Option<Version> {
        match self.phase {
            Phase::Storing(version) | Phase::Over(version) => Some(version),
            Phase::Asking => None,
        }
    }

    /// Whether it is a write.
    pub(super) const fn is_write(&self) -> bool {
        self.writes.is_some()
    }

    /// Whether a replica is known to have what is stored.
    pub(super) fn has(&self, member: u32) -> bool {
        self.stored.contains(&member)
    }

    /// Of a read the replicas that have said that they have what it answers, of a write those that say that they have it now.
    pub(super) fn who_said_so(&self) -> Vec<u32> {
        let said = |of: Version| self.heard.iter().filter(move |(_, version)| *version == of).map(|(from, _)| *from);
        if self.is_write() { self.stored.clone() } else { self.version().map(said).into_iter().flatten().collect() }
    }

    /// How many replicas have answered in one way or another.
    pub(super) fn answered(&self) -> usize {
        if self.is_write() { self.stored.len() } else { self.heard.len() }
    }

    /// A replica says what it has.
    pub(super) fn value(&mut self, spec: &QuorumRegister, from: u32, version: Version) -> Next {
        if self.heard.iter().any(|(known, _)| *known == from) {
            return Next::Wait;
        }
        self.heard.push((from, version));
        if let Phase::Over(newest) = self.phase
            && version > newest
            && !self.is_write()
        {
            // Too late for whoever asked, and not for those that have something older.
            self.phase = Phase::Over(version);
        }
        if self.phase != Phase::Asking || self.heard.len() < spec.read_quorum() as usize {
            return Next::Wait;
        }
        let newest = self.heard.iter().map(|(_, version)| *version).max().unwrap_or(Version::NOTHING);
        if let Some(value) = self.writes {
            let version = Version { number: newest.number.max(0).saturating_add(1), value };
            self.phase = Phase::Storing(version);
            return Next::Store(version);
        }
        self.stored = self.heard.iter().filter(|(_, version)| *version == newest).map(|(from, _)| *from).collect();
        let is_kept = self.stored.len() >= spec.write_quorum() as usize || newest == Version::NOTHING;
        if is_kept || !spec.keeps(QuorumRule::WriteBack) {
            self.phase = Phase::Over(newest);
            return Next::Done(Some(newest.value));
        }
        self.phase = Phase::Storing(newest);
        Next::Store(newest)
    }

    /// A member has what is to be stored: a replica, or another one in its place.
    pub(super) fn written(&mut self, spec: &QuorumRegister, from: u32) -> Next {
        if self.has(from) {
            return Next::Wait;
        }
        self.stored.push(from);
        match self.phase {
            Phase::Storing(version) if self.stored.len() >= spec.write_quorum() as usize => {
                self.phase = Phase::Over(version);
                Next::Done(if self.is_write() { None } else { Some(version.value) })
            }
            _ => Next::Wait,
        }
    }

    /// A replica cannot be reached.
    pub(super) fn refused(&mut self, spec: &QuorumRegister, from: u32) -> Next {
        if !self.refused.contains(&from) {
            self.refused.push(from);
        }
        let left = spec.replicas().saturating_sub(self.refused.len() as u32);
        match self.phase {
            Phase::Asking if left < spec.read_quorum() => Next::Fail,
            Phase::Storing(_) if left < spec.write_quorum() => Next::Fail,
            _ => Next::Wait,
        }
    }

    /// Those that have said that they have something older than was found, of a read that is over: each once, since they are about to be told.
    pub(super) fn take_outdated(&mut self) -> Vec<u32> {
        let Phase::Over(newest) = self.phase else { return Vec::new() };
        let mut outdated = Vec::new();
        for (from, version) in self.heard.iter_mut().filter(|(_, version)| *version < newest) {
            *version = newest;
            outdated.push(*from);
        }
        outdated
    }
}
