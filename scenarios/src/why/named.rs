//! Which messages brought what the sentence about a violation names?
//!
//! Own definition. `member 3 took entry 31 for committed, which is one of term 27; committed before was one of term 25` names entry 31 and term 27.
//! Who heard both in one message heard of what was taken wrongly: the first such message of each kind at every node is told, and of those that bring it only. What comes behind
//! a semicolon is what should have been: entry 31 and term 25, of which the first messages are told as well.

use crate::diff::{Source, SourceError};
use crate::trace::TraceEvent;
use std::collections::BTreeMap;

/// So many messages are told, the first ones.
const MOST_TOLD: usize = 6;

/// The messages that said what a sentence names.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// What was wrong.
    pub wrong: Vec<TraceEvent<'static>>,
    /// What should have been.
    pub right: Vec<TraceEvent<'static>>,
}

/// The first messages of each kind that each node heard up to this instant and that say everything the sentence names.
///
/// # Errors
/// If the run cannot be told.
pub fn named(source: &dyn Source, sentence: &str, at: u64) -> Result<Named, SourceError> {
    let (wrong, mut right) = names_in(sentence);
    if wrong.iter().all(|thing| right.contains(thing)) {
        // Only their contents tell the two apart, which messages do not say.
        right.clear();
    }
    let (mut wrong, mut right) = (First::of(wrong), First::of(right));
    if wrong.names.is_empty() && right.names.is_empty() {
        return Ok(Named::default());
    }
    source.tell(&mut |event| {
        if event.at <= at && matches!(event.kind.as_ref(), "hear" | "reply") {
            wrong.see(event);
            right.see(event);
        }
    })?;
    Ok(Named { wrong: wrong.told(), right: right.told() })
}

/// The first messages at each node that say something.
struct First {
    names: Vec<String>,
    /// By whether they bring it or only mention it, node and kind.
    found: BTreeMap<(bool, String, String), TraceEvent<'static>>,
}

impl First {
    const fn of(names: Vec<String>) -> Self {
        Self { names, found: BTreeMap::new() }
    }

    fn see(&mut self, event: &TraceEvent<'_>) {
        let (Some(says), Some(node)) = (event.says.as_deref(), event.node.as_deref()) else { return };
        if !self.names.is_empty() && says_all(says, &self.names) {
            // What a message brings stands behind a colon: `behind entry 30 of term 25: entry 31 of term 27`.
            let brings = says.split_once(": ").is_some_and(|(_, brought)| says_all(brought, &self.names));
            let key = (!brings, node.to_owned(), event.message.as_deref().unwrap_or_default().to_owned());
            self.found.entry(key).or_insert_with(|| event.clone().into_owned());
        }
    }

    fn told(self) -> Vec<TraceEvent<'static>> {
        // Where anybody brings it, mentions are not worth telling.
        let brings = self.found.keys().next().is_some_and(|(mentions, ..)| !mentions);
        let found = self.found.into_iter().filter(|((mentions, ..), _)| !(brings && *mentions));
        let mut told: Vec<TraceEvent<'static>> = found.map(|(_, event)| event).collect();
        told.sort_by_key(|event| event.id);
        told.truncate(MOST_TOLD);
        told
    }
}

/// What was wrong and what should have been: `entry 31` and `term 27`, `entry 31` and `term 25`. What is said of one thing only is meant of both.
fn names_in(sentence: &str) -> (Vec<String>, Vec<String>) {
    let (wrong, right) = sentence.split_once(';').unwrap_or((sentence, ""));
    let (wrong, mut right) = (things_in(wrong), things_in(right));
    if !right.is_empty() {
        let others: Vec<String> = wrong.iter().filter(|thing| right.iter().all(|other| noun(other) != noun(thing))).cloned().collect();
        right.extend(others);
    }
    (wrong, right)
}

/// Words with a number behind them, but for those that name a node or a key: of a key much is said that has nothing to do with it.
fn things_in(clause: &str) -> Vec<String> {
    let words: Vec<&str> = clause.split_whitespace().map(|word| word.trim_end_matches([',', '.'])).collect();
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_thing =
        |word: &str| word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_lowercase()) && !["member", "node", "key"].contains(&word);
    let pairs = words.windows(2).filter(|pair| is_thing(pair[0]) && is_number(pair[1]));
    pairs.map(|pair| format!("{} {}", pair[0], pair[1])).collect()
}

fn noun(thing: &str) -> &str {
    thing.split(' ').next().unwrap_or_default()
}

/// Whether a text names all of these things, and of none of them something else: not entry 31 of another term.
fn says_all(says: &str, names: &[String]) -> bool {
    let is_of_another = |name: &String| {
        let nouns = names.iter().map(|other| noun(other)).filter(|other| *other != noun(name));
        nouns.into_iter().any(|noun_of_other| {
            let is_owner = |owner: &&String| noun(owner) == noun_of_other;
            says.contains(&format!("{name} of {noun_of_other} "))
                && !names.iter().filter(is_owner).any(|owner| contains(says, &format!("{name} of {owner}")))
        })
    };
    names.iter().all(|name| contains(says, name)) && !names.iter().any(is_of_another)
}

/// Whether a text has these words, and not only the beginning of a longer number.
fn contains(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| !text[at + words.len()..].starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_things_by_their_numbers_and_no_nodes() {
        let of_raft = "member 3 took entry 31 for committed, which is one of term 27; committed before was one of term 25";
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(names_in(of_raft), (owned(&["entry 31", "term 27"]), owned(&["term 25", "entry 31"])));
        let of_lock = "member 1 wrote with token 28 what it made of version 13, and the resource had come to version 15 meanwhile, \
                       which member 2 wrote with token 31 at 27.2s";
        assert_eq!(names_in(of_lock), (owned(&["token 28", "version 13", "version 15", "token 31"]), Vec::new()));
        assert_eq!(names_in("a read answered an older value than another read before it"), Default::default());
    }

    #[test]
    fn an_entry_of_another_term_is_another_entry() {
        let (wrong, right) = names_in("member 3 took entry 31 for committed, which is one of term 27; committed before was one of term 25");
        let append = "term 30, behind entry 30 of term 25: entry 31 of term 27, committed up to 30";
        assert!(says_all(append, &wrong) && !says_all(append, &right));
        assert!(says_all("term 26, behind entry 30 of term 24: entry 31 of term 25", &right));
    }

    #[test]
    fn a_number_is_not_the_beginning_of_another_one() {
        assert!(contains("entry 3 of term 2, entry 31 of term 27, committed", "entry 31") && contains("term 27", "term 27"));
        assert!(!contains("entry 310 of term 27", "entry 31"));
    }
}
