//! What is in a member's log, of which the beginning may have become a snapshot?

use super::command::{Command, Config, Entry};
use sim_core::draw::mix;
use std::collections::VecDeque;
use std::sync::Arc;

/// A place in a log: an index, the term of the entry there, and a number that stands for all entries up to there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The index; the first entry has 1.
    pub index: u64,
    /// The term of the entry.
    pub term: u64,
    /// What two logs share only if they are the same up to here: for whoever measures, and used by no member.
    pub chain: u64,
}

/// A log in memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    /// The last entry that is not kept, because a snapshot holds what came of it.
    base: Mark,
    entries: VecDeque<(Entry, u64)>,
    /// Who votes, from which index on: the last that is at or before the base, and all later ones.
    configs: Vec<(u64, Config)>,
}

impl Log {
    /// An empty log after a snapshot, of members of whom these vote.
    pub(super) fn after(base: Mark, config: Config) -> Self {
        Self { base, entries: VecDeque::new(), configs: vec![(base.index, config)] }
    }

    pub(super) const fn base(&self) -> Mark {
        self.base
    }

    /// The index of the last entry.
    pub(super) fn last(&self) -> u64 {
        self.base.index + self.entries.len() as u64
    }

    pub(super) fn last_term(&self) -> u64 {
        self.entries.back().map_or(self.base.term, |(entry, _)| entry.term)
    }

    /// How many entries are kept.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn at(&self, index: u64) -> Option<&(Entry, u64)> {
        let place = index.checked_sub(self.base.index + 1)?;
        self.entries.get(usize::try_from(place).ok()?)
    }

    pub(super) fn get(&self, index: u64) -> Option<Entry> {
        self.at(index).map(|(entry, _)| *entry)
    }

    /// The place with this index; nothing before the base and behind the end.
    pub(super) fn mark(&self, index: u64) -> Option<Mark> {
        if index == self.base.index {
            return Some(self.base);
        }
        self.at(index).map(|&(Entry { term, .. }, chain)| Mark { index, term, chain })
    }

    pub(super) fn term(&self, index: u64) -> Option<u64> {
        self.mark(index).map(|mark| mark.term)
    }

    /// The last place.
    pub(super) fn end(&self) -> Mark {
        self.mark(self.last()).unwrap_or(self.base)
    }

    /// Appends an entry; answers its index.
    pub(super) fn push(&mut self, entry: Entry) -> u64 {
        let chain = mix(self.end().chain ^ entry.fingerprint());
        self.entries.push_back((entry, chain));
        let index = self.last();
        if let Command::Members(config) = entry.command {
            self.configs.push((index, config));
        }
        index
    }

    /// Forgets everything from an index on; what is in the snapshot stays.
    pub(super) fn cut(&mut self, index: u64) {
        let kept = index.saturating_sub(self.base.index + 1);
        self.entries.truncate(usize::try_from(kept).unwrap_or(usize::MAX));
        while self.configs.len() > 1 && self.configs.last().is_some_and(|&(from, _)| from >= index) {
            self.configs.pop();
        }
    }

    /// Forgets what is up to an index, of which a snapshot holds what came of it.
    pub(super) fn compact(&mut self, index: u64) {
        let Some(base) = self.mark(index.min(self.last())) else { return };
        self.entries.drain(..(base.index - self.base.index) as usize);
        self.base = base;
        let old = self.configs.iter().take_while(|&&(from, _)| from <= base.index).count();
        self.configs.drain(..old.saturating_sub(1));
    }

    /// At most `most` entries from an index on.
    pub(super) fn some(&self, from: u64, most: usize) -> Arc<[Entry]> {
        let first = usize::try_from(from.saturating_sub(self.base.index + 1)).unwrap_or(usize::MAX).min(self.entries.len());
        self.entries.range(first..).take(most).map(|(entry, _)| *entry).collect()
    }

    /// Who votes: what the last entry about it says, committed or not.
    pub(super) fn config(&self) -> Config {
        self.configs.last().map(|&(_, config)| config).unwrap_or_default()
    }

    /// Where the last entry about who votes stands.
    pub(super) fn config_index(&self) -> u64 {
        self.configs.last().map(|&(index, _)| index).unwrap_or_default()
    }

    /// Who voted at an index.
    pub(super) fn config_at(&self, index: u64) -> Config {
        let known = self.configs.iter().rev().find(|&&(from, _)| from <= index);
        known.or(self.configs.first()).map(|&(_, config)| config).unwrap_or_default()
    }

    /// Whether another log that ends like this is at least as up to date: its last term is later, or the same and it is not shorter.
    pub(super) fn is_not_ahead_of(&self, last: u64, last_term: u64) -> bool {
        (last_term, last) >= (self.last_term(), self.last())
    }

    /// The first index of the term that the entry at this index has, as far as it is kept.
    pub(super) fn first_of_term(&self, index: u64) -> u64 {
        let Some(term) = self.term(index) else { return index };
        let mut first = index;
        while first > self.base.index + 1 && self.term(first - 1) == Some(term) {
            first -= 1;
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(terms: &[u64]) -> Log {
        let mut log = Log::after(Mark::default(), Config { voters: 0b111, done: 0 });
        terms.iter().for_each(|&term| {
            log.push(Entry { term, command: Command::Nothing });
        });
        log
    }

    #[test]
    fn equal_logs_have_equal_chains_and_others_differ_from_where_they_part() {
        let (one, other) = (log(&[1, 1, 2, 2]), log(&[1, 1, 3, 2]));
        assert_eq!(one.mark(2), other.mark(2));
        assert_ne!(one.mark(4).map(|mark| mark.chain), other.mark(4).map(|mark| mark.chain), "though the last entries are equal");
        assert_eq!(log(&[1, 1, 2, 2]).end(), one.end());
    }

    #[test]
    fn a_compacted_log_goes_on_where_it_was() {
        let (mut short, long) = (log(&[1, 1, 2, 2]), log(&[1, 1, 2, 2]));
        short.compact(3);
        assert_eq!((short.len(), short.last(), short.base().index), (1, 4, 3));
        assert_eq!((short.term(3), short.term(2), short.get(3)), (Some(2), None, None));
        assert_eq!(short.end(), long.end());
        short.cut(4);
        assert_eq!((short.last(), short.last_term()), (3, 2));
        short.cut(1);
        assert_eq!(short.last(), 3, "what a snapshot holds stays");
    }

    #[test]
    fn who_votes_is_what_the_last_entry_says_that_is_left() {
        let mut log = log(&[1]);
        let grown = Config { voters: 0b1111, done: 1 };
        log.push(Entry { term: 1, command: Command::Members(grown) });
        assert_eq!((log.config(), log.config_index(), log.config_at(1).count()), (grown, 2, 3));
        log.cut(2);
        assert_eq!(log.config().count(), 3);
        log.push(Entry { term: 2, command: Command::Members(grown) });
        log.push(Entry { term: 2, command: Command::Nothing });
        log.compact(3);
        log.cut(4);
        assert_eq!((log.config(), log.config_index()), (grown, 2));
    }

    #[test]
    fn a_log_is_as_up_to_date_as_another_by_its_last_term_and_then_by_its_length() {
        let log = log(&[1, 1, 2]);
        assert!(log.is_not_ahead_of(3, 2) && log.is_not_ahead_of(1, 3) && log.is_not_ahead_of(4, 2));
        assert!(!log.is_not_ahead_of(9, 1) && !log.is_not_ahead_of(2, 2));
        assert_eq!((log.first_of_term(2), log.first_of_term(3)), (1, 3));
    }
}
