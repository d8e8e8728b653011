//! Is this the moment that was asked for?
//!
//! A pattern is a few words `node=NAME`, `kind=WORD` and `text=WORD`, all of which an event has to fit: a node stands in its line of the trace as a
//! word, or with a number behind it; a kind is one of traces, as `--only` knows them, a kind of message or what is announced; a text stands anywhere in the line.

use crate::trace::{Known, is_record_of_kind};
use models::record::Record;
use std::str::FromStr;

/// What a line has to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    wanted: Vec<Wanted>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Node(String),
    Kind(String),
    Text(String),
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let word = |word: &str| match word.split_once('=') {
            Some((_, "")) => Err(format!("`{word}` names nothing")),
            Some(("node", name)) => Ok(Wanted::Node(name.to_owned())),
            Some(("kind", kind)) => Ok(Wanted::Kind(kind.to_owned())),
            Some(("text", text)) => Ok(Wanted::Text(text.to_owned())),
            _ => Err(format!("`{word}` is none of node=NAME, kind=WORD and text=WORD, as in: node=db[1] kind=vote")),
        };
        let wanted: Vec<Wanted> = text.split_whitespace().map(word).collect::<Result<_, _>>()?;
        if wanted.is_empty() {
            Err("nothing is waited for; write node=NAME, kind=WORD or text=WORD".to_owned())
        } else {
            Ok(Self { wanted })
        }
    }
}

impl Pattern {
    /// What in it names nothing that could be in a run.
    ///
    /// # Errors
    /// Everything that is unknown, each with what is known.
    pub fn check(&self, known: &Known<'_>) -> Result<(), Vec<String>> {
        let problem = |wanted: &Wanted| match wanted {
            Wanted::Node(name) => known.problem_of_node(name),
            Wanted::Kind(kind) => known.problem_of_kind(kind),
            Wanted::Text(_) => None,
        };
        let problems: Vec<String> = self.wanted.iter().filter_map(problem).collect();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Whether an event is one that was asked for, which has this line in the trace.
    pub fn fits(&self, record: &Record, line: &str) -> bool {
        // The instant comes first, and says nothing about what happened.
        let told = line.trim_start().split_once(' ').map_or("", |(_, told)| told);
        let words = || told.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
        self.wanted.iter().all(|wanted| match wanted {
            Wanted::Node(name) => {
                words().any(|word| word == name || word.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('[')))
            }
            Wanted::Kind(kind) => is_record_of_kind(record, kind),
            Wanted::Text(text) => told.contains(text.as_str()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = " 12.000000001s  say      db[0] -> db[1] append 17: entry vote";

    fn says() -> Record {
        let (from, to) = (models::ids::NodeId(0), models::ids::NodeId(1));
        Record::MemberSent(models::record::MessageName { from, to, kind: "append", ordinal: 17 })
    }

    #[test]
    fn every_word_of_a_pattern_has_to_fit() {
        let fits = |pattern: &str| pattern.parse::<Pattern>().expect("it is a pattern").fits(&says(), LINE);
        for pattern in ["node=db[1]", "node=db", "kind=say", "kind=Append", "node=db[0] kind=append", "text=-> text=17"] {
            assert!(fits(pattern), "{pattern}");
        }
        for pattern in ["node=db[2]", "node=d", "kind=hear", "kind=db[0]", "node=db[0] kind=vote", "text=12.0"] {
            assert!(!fits(pattern), "{pattern}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_an_example() {
        for wrong in ["", "db[1]", "node=", "nod=db"] {
            assert!(wrong.parse::<Pattern>().is_err(), "{wrong}");
        }
    }
}
