//! How is what a member remembers shown in as few lines as can be read?
//!
//! What Rust prints of a value is taken apart and put together again: what fits into a line is one, of a long list the last items are shown, lengths of time
//! and instants are told as everywhere, and of values and keys only the beginning, as in traces.

use models::protocols::Beginning;
use sim_core::time::SimDuration;
use std::fmt::Write as _;

/// What is wider is broken into lines.
const WIDTH: usize = 110;
/// Of a longer list so many items are shown, the last ones.
const MOST_ITEMS: usize = 8;
/// Numbers from here on are values or keys, of which only the beginning is told.
const LARGE: u64 = 1 << 40;

/// A value as Rust prints it: a text, or a name with others in brackets.
#[derive(Debug, PartialEq)]
enum Piece {
    Leaf(String),
    Many { name: String, open: char, items: Vec<Self> },
}

/// What Rust prints of a value, condensed; `indent` blanks stand before every line but the first.
pub fn condensed(printed: &str, indent: usize) -> String {
    let mut rest = printed.chars().peekable();
    let mut pieces = Vec::new();
    while rest.peek().is_some() {
        pieces.push(simpler(piece(&mut rest)));
        // Whatever closes what was never opened is no reason to stop.
        rest.next_if(|c| matches!(c, ',' | ')' | ']' | '}'));
    }
    pieces.iter().map(|piece| lines(piece, indent)).collect::<Vec<_>>().join(", ")
}

/// Reads up to the comma or bracket that ends a piece.
fn piece(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Piece {
    let mut name = String::new();
    while let Some(c) = rest.peek().copied() {
        match c {
            ',' | ')' | ']' | '}' => break,
            '"' | '\'' => quoted(rest, &mut name),
            '(' | '[' | '{' => {
                rest.next();
                let items = items(rest);
                return Piece::Many { name: name.trim_start().to_owned(), open: c, items };
            }
            _ => {
                name.push(c);
                rest.next();
            }
        }
    }
    Piece::Leaf(name.trim().to_owned())
}

/// The pieces up to the bracket that closes.
fn items(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Vec<Piece> {
    let mut items = Vec::new();
    while let Some(c) = rest.peek().copied() {
        match c {
            ')' | ']' | '}' => {
                rest.next();
                break;
            }
            c if c == ',' || c.is_whitespace() => {
                rest.next();
            }
            _ => items.push(piece(rest)),
        }
    }
    items
}

/// A text or a letter in quotes, whatever brackets are in it.
fn quoted(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, text: &mut String) {
    let Some(quote) = rest.next() else { return };
    text.push(quote);
    while let Some(c) = rest.next() {
        text.push(c);
        if c == '\\' {
            text.extend(rest.next());
        } else if c == quote {
            break;
        }
    }
}

/// `Some(x)` is x, times are told as everywhere, and large numbers by their beginning.
fn simpler(piece: Piece) -> Piece {
    match piece {
        Piece::Leaf(text) => Piece::Leaf(number(&text)),
        Piece::Many { name, open, items } => {
            let (label, kind) = name.rsplit_once(": ").map_or(("", name.as_str()), |(label, kind)| (label, kind));
            let labelled = |text: &str| if label.is_empty() { text.to_owned() } else { format!("{label}: {text}") };
            let mut items: Vec<Piece> = items.into_iter().map(simpler).collect();
            if let ("SimTime" | "SimDuration", [Piece::Leaf(nanos)]) = (kind, items.as_slice())
                && let Some(length) = nanos_of(nanos)
            {
                return Piece::Leaf(labelled(&length.to_string()));
            }
            if kind == "Some" && items.len() == 1 {
                return match items.remove(0) {
                    Piece::Leaf(text) => Piece::Leaf(labelled(&text)),
                    Piece::Many { name, open, items } => Piece::Many { name: labelled(&name), open, items },
                };
            }
            Piece::Many { name, open, items }
        }
    }
}

/// Nanoseconds, which may be told as a value already.
fn nanos_of(text: &str) -> Option<SimDuration> {
    text.parse().ok().map(SimDuration::from_nanos)
}

/// A number behind its label, if it is large, by its beginning.
fn number(text: &str) -> String {
    let (label, digits) = text.rsplit_once(": ").map_or((None, text), |(label, digits)| (Some(label), digits));
    let told = match digits.parse::<u64>() {
        Ok(value) if value >= LARGE => Beginning(value).to_string(),
        _ => return text.to_owned(),
    };
    label.map_or(told.clone(), |label| format!("{label}: {told}"))
}

const fn closing(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

fn in_one_line(piece: &Piece) -> String {
    let Piece::Many { name, open, items } = piece else {
        let Piece::Leaf(text) = piece else { return String::new() };
        return text.clone();
    };
    let (left, shown) = shown(items);
    let mut all: Vec<String> = left.into_iter().collect();
    all.extend(shown.iter().map(in_one_line));
    let blank = if *open == '{' && !all.is_empty() { " " } else { "" };
    format!("{name}{open}{blank}{}{blank}{}", all.join(", "), closing(*open))
}

/// Of a long list of values the last ones; all fields of a struct.
fn shown(items: &[Piece]) -> (Option<String>, &[Piece]) {
    let is_field = |piece: &Piece| match piece {
        Piece::Leaf(text) => text.contains(": "),
        Piece::Many { name, .. } => name.contains(": "),
    };
    if items.len() <= MOST_ITEMS || items.iter().all(is_field) {
        return (None, items);
    }
    let left = items.len() - MOST_ITEMS;
    (Some(format!("{left} more before")), &items[left..])
}

fn lines(piece: &Piece, indent: usize) -> String {
    let line = in_one_line(piece);
    let Piece::Many { name, open, items } = piece else { return line };
    if indent + line.chars().count() <= WIDTH || items.is_empty() {
        return line;
    }
    let (left, shown) = shown(items);
    let mut text = format!("{name}{open}\n");
    let inner = indent + 2;
    let mut line = |item: String| {
        let _ = writeln!(text, "{:inner$}{item},", "");
    };
    left.into_iter().for_each(&mut line);
    shown.iter().for_each(|item| line(lines(item, inner)));
    let _ = write!(text, "{:indent$}{}", "", closing(*open));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_one_line_and_times_and_values_are_told_as_in_traces() {
        #[derive(Debug)]
        #[allow(dead_code, reason = "it is only printed")]
        struct Member {
            term: u64,
            vote: Option<u32>,
            heard: sim_core::time::SimTime,
            leader: Option<sim_core::time::SimTime>,
            value: u64,
            name: &'static str,
        }
        let instant = sim_core::time::SimTime::from_nanos(9_936_772_573);
        let member = Member { term: 3, vote: Some(1), heard: instant, leader: Some(instant), value: 0x00ab_cdef_0123_4567, name: "a), b" };
        let printed = format!("{member:?}");
        assert_eq!(
            condensed(&printed, 0),
            "Member { term: 3, vote: 1, heard: 9.936772573s, leader: 9.936772573s, value: 00abcd, name: \"a), b\" }"
        );
        assert_eq!(condensed("None", 0), "None");
        assert_eq!(condensed("Log { entries: [], at: {} }", 0), "Log { entries: [], at: {} }");
    }

    #[test]
    fn of_a_long_list_the_last_items_are_shown() {
        let numbers: Vec<u32> = (0..30).collect();
        assert_eq!(condensed(&format!("{numbers:?}"), 0), "[22 more before, 22, 23, 24, 25, 26, 27, 28, 29]");
        let long = format!("Log {{ entries: {:?}, last: 3 }}", vec!["a sentence of some length, with a comma in it"; 20]);
        let lines: Vec<String> = condensed(&long, 2).lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 14, "{lines:?}");
        assert_eq!((lines[0].as_str(), lines[2].as_str(), lines[13].as_str()), ("Log {", "      12 more before,", "  }"));
    }

    #[test]
    fn whatever_is_printed_is_condensed_and_nothing_hangs() {
        for odd in ["", ")", "a)b", "((((", "\"open", "Some(", "[1,, 2]", "x: Some()", "'('"] {
            let _ = condensed(odd, 4);
        }
    }
}
