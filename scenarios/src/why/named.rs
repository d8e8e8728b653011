//! Which messages brought what the sentence about a violation names?
//!
//! Own definition. `member 3 took entry 31 for committed, which is one of term 27` names entry 31 and term 27. Who heard both in one message
//! before, heard of what was taken wrongly: the first such message at every node is told. What comes behind a semicolon is what should have been.

use crate::diff::{Source, SourceError};
use crate::trace::TraceEvent;
use std::collections::BTreeMap;

/// So many messages are told, the first ones.
const MOST_TOLD: usize = 6;

/// The first message that each node heard up to this instant and that says everything the sentence names.
///
/// # Errors
/// If the run cannot be told.
pub fn named(source: &dyn Source, sentence: &str, at: u64) -> Result<Vec<TraceEvent<'static>>, SourceError> {
    let names = names_in(sentence);
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut first: BTreeMap<String, TraceEvent<'static>> = BTreeMap::new();
    source.tell(&mut |event| {
        let (Some(says), Some(node)) = (event.says.as_deref(), event.node.as_deref()) else { return };
        let hears = matches!(event.kind.as_ref(), "hear" | "reply");
        if hears && event.at <= at && !first.contains_key(node) && names.iter().all(|name| contains(says, name)) {
            first.insert(node.to_owned(), event.clone().into_owned());
        }
    })?;
    let mut told: Vec<TraceEvent<'static>> = first.into_values().collect();
    told.sort_by_key(|event| event.id);
    told.truncate(MOST_TOLD);
    Ok(told)
}

/// `entry 31` and `term 27`: words with a number behind them, but for those that name a node.
fn names_in(sentence: &str) -> Vec<String> {
    let clause = sentence.split(';').next().unwrap_or_default();
    let words: Vec<&str> = clause.split_whitespace().map(|word| word.trim_end_matches([',', '.'])).collect();
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_thing = |word: &str| word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_lowercase()) && !["member", "node"].contains(&word);
    let pairs = words.windows(2).filter(|pair| is_thing(pair[0]) && is_number(pair[1]));
    pairs.map(|pair| format!("{} {}", pair[0], pair[1])).collect()
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
        assert_eq!(names_in(of_raft), ["entry 31", "term 27"]);
        assert_eq!(
            names_in("member 1 wrote what it made of version 13, and the resource had come to version 15 meanwhile"),
            ["version 13", "version 15"]
        );
        assert!(names_in("a read answered an older value than another read before it").is_empty());
    }

    #[test]
    fn a_number_is_not_the_beginning_of_another_one() {
        assert!(contains("entry 3 of term 2, entry 31 of term 27, committed", "entry 31") && contains("term 27", "term 27"));
        assert!(!contains("entry 310 of term 27", "entry 31"));
    }
}
