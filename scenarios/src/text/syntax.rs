//! What is wrong with a text that is no RON at all, said to somebody who has not read the grammar?
//!
//! RON stops at the first token that cannot continue the text, which is often far behind the mistake. Two frequent
//! mistakes get a second look: a bracket that is missing, and a quantity such as `5m` written without quotes.

use super::source::Source;
use crate::problem::{Problem, Span};
use ron::error::{Error, Position, SpannedError};
use serde::Deserialize as _;
use serde::de::IgnoredAny;

/// Returns the byte offset of a position, which counts lines and characters from 1.
pub(super) fn offset_of(text: &str, position: Position) -> usize {
    let line_start: usize = text.split_inclusive('\n').take(position.line - 1).map(str::len).sum();
    let line = &text[line_start..];
    line_start + line.char_indices().nth(position.col - 1).map_or(line.len(), |(at, _)| at)
}

/// Returns the problem for an error of RON in the part of the source that begins at `base`.
pub(super) fn explain(source: &Source, base: usize, error: SpannedError) -> Problem {
    let whole = source.text.as_str();
    let at = base + offset_of(&whole[base..], error.span.end);
    let next = whole[at..].chars().next();
    match error.code {
        Error::ExpectedStringEnd => {
            let quote = base + offset_of(&whole[base..], error.span.start);
            Problem::new("this text has no closing quote").at(Span::new(quote, at)).expected("`\"` at the end of the text")
        }
        Error::UnclosedBlockComment => {
            let behind = walk(whole, base, at).end;
            let start = behind + whole[behind..].find("/*").unwrap_or_default();
            Problem::new("this comment has no end").at(Span::new(start, start + 2)).expected("`*/` at the end of the comment")
        }
        Error::ExceededRecursionLimit => Problem::new("brackets are nested too deeply")
            .at(token(whole, at))
            .hint("60 levels are always fine; a scenario needs about ten"),
        code => {
            let bracket = walk(whole, base, at).open.pop();
            let of_bracket = bracket.and_then(|(bracket, opened)| unbalanced(bracket, opened, next, at));
            of_bracket.or_else(|| of_quantity(whole, at, &code)).unwrap_or_else(|| of_token(whole, at, code))
        }
    }
}

/// Returns the problem for a token that cannot stand where it stands.
fn of_token(whole: &str, at: usize, code: Error) -> Problem {
    let next = whole[at..].chars().next();
    let here = Span::new(at, at + next.map_or(0, char::len_utf8));
    let word = token(whole, at);
    match code {
        Error::Eof => Problem::new("the text ends here, and something is still missing").at(here).expected("a value"),
        Error::ExpectedComma | Error::ExpectedMapColon if next == Some('=') => {
            Problem::new("`=` does not belong here").at(here).hint("a field is written `name: value`, an entry `\"name\": value`")
        }
        Error::ExpectedComma => {
            let problem = Problem::new("a comma is missing in front of this").at(word);
            problem.hint("a field is written `name: value`, and a comma stands between two of them")
        }
        Error::ExpectedMapColon => {
            Problem::new("a colon is missing in front of this").at(word).expected("`:` between a name and its value")
        }
        Error::UnexpectedChar('“' | '”' | '„' | '‘' | '’') => {
            Problem::new("these are printer's quotes").at(here).expected("straight double quotes, `\"text\"`")
        }
        Error::UnexpectedChar(c) => Problem::new(format!("`{c}` does not belong here")).at(here).expected("a value"),
        Error::ExpectedChar => Problem::new("single quotes hold one character only").at(here).expected("a text in double quotes"),
        Error::TrailingCharacters => Problem::new("here is more than one value").at(word).expected("nothing behind the first one"),
        Error::SuggestRawIdentifier(name) => {
            let problem = Problem::new(format!("`{name}` is not a plain name")).at(here);
            problem.hint(format!("a name with other characters than letters, digits and `_` is written \"{name}\""))
        }
        other => Problem::new(clause(&other.to_string())).at(word),
    }
}

/// Returns the problem for a quantity such as `5m` without quotes, which RON reads as a number and a stray word.
fn of_quantity(whole: &str, at: usize, code: &Error) -> Option<Problem> {
    if !matches!(code, Error::ExpectedComma | Error::ExpectedMapColon | Error::UnexpectedChar(_)) {
        return None;
    }
    let word = quantity_around(whole, at)?;
    let text = &whole[word.start()..word.end()];
    Some(Problem::new(format!("`{text}` has no quotes")).at(word).hint(format!("a quantity with a unit is written \"{text}\"")))
}

/// Returns a message of RON as a clause: "Expected integer" becomes "expected integer".
pub(super) fn clause(message: &str) -> String {
    let mut characters = message.chars();
    match (characters.next(), characters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain([second]).chain(characters).collect(),
        _ => message.to_owned(),
    }
}

/// Returns the span of the word or the single character at an offset.
fn token(whole: &str, at: usize) -> Span {
    let rest = &whole[at..];
    let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    Span::new(at, at + length.max(rest.chars().next().map_or(0, char::len_utf8)))
}

/// Returns where `5m`, `25%` or `1.5k/s` stands around an offset, if a number with a unit stands there.
fn quantity_around(text: &str, at: usize) -> Option<Span> {
    let belongs = |c: char| c.is_ascii_alphanumeric() || "%/.+-µ".contains(c);
    let start = at - text[..at].chars().rev().take_while(|c| belongs(*c)).map(char::len_utf8).sum::<usize>();
    let end = at + text[at..].chars().take_while(|c| belongs(*c)).map(char::len_utf8).sum::<usize>();
    let word = &text[start..end];
    let begins_with_number = word.trim_start_matches(['+', '-', '.']).starts_with(|c: char| c.is_ascii_digit());
    let has_unit = word.contains(|c: char| c.is_ascii_alphabetic() || c == '%' || c == 'µ');
    (begins_with_number && has_unit && start < at).then(|| Span::new(start, end))
}

/// Returns the problem if the innermost open bracket does not fit to what follows.
fn unbalanced(bracket: char, opened: usize, next: Option<char>, at: usize) -> Option<Problem> {
    let closing = match bracket {
        '(' => ')',
        '[' => ']',
        _ => '}',
    };
    let opened = Span::new(opened, opened + 1);
    let here = Span::new(at, at + 1);
    match next {
        None => {
            Some(Problem::new(format!("this `{bracket}` is never closed")).at(opened).expected(format!("`{closing}` before the text ends")))
        }
        Some(found @ (')' | ']' | '}')) if found != closing => {
            let problem = Problem::new(format!("`{found}` closes nothing here: `{bracket}` is still open")).at(here);
            Some(problem.expected(format!("`{closing}` first")).also(opened, "opened here"))
        }
        Some(':') if bracket == '[' => {
            let problem = Problem::new("`:` does not belong in a list").at(here).expected("`,` or `]`");
            Some(problem.also(opened, "the list begins here").hint("is the `]` of this list missing?"))
        }
        Some(':') if bracket == '(' => {
            Some(Problem::new("values with and without names are mixed").at(here).hint("write all of them with their names, `name: value`"))
        }
        _ => None,
    }
}

/// The brackets that are open, innermost last, and the end of the last token.
struct Walk {
    open: Vec<(char, usize)>,
    end: usize,
}

/// Walks over the tokens from `base` until `at`, or until RON cannot read on.
fn walk(whole: &str, base: usize, at: usize) -> Walk {
    let mut walk = Walk { open: Vec::new(), end: base };
    while let Some((next, next_at)) = next_token(whole, walk.end).filter(|(_, next_at)| *next_at < at) {
        match next {
            '(' | '[' | '{' => walk.open.push((next, next_at)),
            ')' | ']' | '}' => drop(walk.open.pop()),
            _ => {}
        }
        walk.end = next_at + literal_length(&whole[next_at..]).max(next.len_utf8());
    }
    walk
}

/// Returns the first character of the next token, and its offset. RON itself steps over blanks and comments.
fn next_token(whole: &str, here: usize) -> Option<(char, usize)> {
    let rest = &whole[here..];
    // An attribute is read together with the blanks in front of it; a stray `#` therefore counts as a token.
    let skipped = ron::Deserializer::from_str(rest).ok().map(|reader| reader.remainder());
    let rest = skipped.or_else(|| rest.trim_start().starts_with('#').then(|| rest.trim_start()))?;
    rest.chars().next().map(|next| (next, whole.len() - rest.len()))
}

/// Returns the length of the text or character at the beginning, or 0 if there is none.
fn literal_length(rest: &str) -> usize {
    let begins = ["\"", "'", "r\"", "r#\"", "r##", "b\"", "br"].iter().any(|start| rest.starts_with(start));
    let Some(mut reader) = begins.then(|| ron::Deserializer::from_str(rest).ok()).flatten() else { return 0 };
    if IgnoredAny::deserialize(&mut reader).is_ok() { rest.len() - reader.remainder().len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what the problem says and what it points at.
    fn wrong(text: &str) -> (String, String) {
        let source = Source::new("x", text);
        let problem = source.root().unwrap_err();
        let place = problem.place.unwrap();
        (problem.message, text[place.start()..place.end()].to_owned())
    }

    fn says(message: &str, place: &str) -> (String, String) {
        (message.to_owned(), place.to_owned())
    }

    #[test]
    fn a_missing_bracket_is_reported_where_it_was_opened() {
        assert_eq!(wrong("(a: [1, 2, b: 3)"), says("`:` does not belong in a list", ":"));
        assert_eq!(wrong("(a: [1, 2)"), says("`)` closes nothing here: `[` is still open", ")"));
        assert_eq!(wrong("(a: [1, 2], b: (c: 3)"), says("this `(` is never closed", "("));
        assert_eq!(wrong("(a: \")]\", /* } */ b: {\"c\": '('"), says("this `{` is never closed", "{"));
        assert_eq!(wrong("(a: 1))"), says("here is more than one value", ")"));
        assert_eq!(wrong("(\"2s\", propagate: true)"), says("values with and without names are mixed", ":"));
    }

    #[test]
    fn a_quantity_without_quotes_is_recognised() {
        assert_eq!(wrong("(horizon: 5m, a: 1)"), says("`5m` has no quotes", "5m"));
        assert_eq!(wrong("(loss: 0.01%)"), says("`0.01%` has no quotes", "0.01%"));
        assert_eq!(wrong("(rate: 1.5k/s)"), says("`1.5k/s` has no quotes", "1.5k/s"));
        assert_eq!(wrong("(rate: 900/s)"), says("`900/s` has no quotes", "900/s"));
        assert_eq!(wrong("(skew: -5ms)"), says("`-5ms` has no quotes", "-5ms"));
    }

    #[test]
    fn a_missing_comma_is_reported_at_the_next_token() {
        assert_eq!(wrong("(a: 1\n b: 2)"), says("a comma is missing in front of this", "b"));
        assert_eq!(wrong("(a: \"x\" retries: 2)"), says("a comma is missing in front of this", "retries"));
        assert_eq!(wrong("(a = 1)"), says("`=` does not belong here", "="));
        assert_eq!(wrong("{\"a\" 1}"), says("a colon is missing in front of this", "1"));
    }

    #[test]
    fn quotes_and_comments_without_an_end_are_named() {
        assert_eq!(wrong("(a: \"x)").0, "this text has no closing quote");
        assert_eq!(wrong("(a: \"/*\" /* never"), says("this comment has no end", "/*"));
        assert_eq!(wrong("(a: “x”)"), says("these are printer's quotes", "“"));
        assert_eq!(wrong("(a: 'hello')").0, "single quotes hold one character only");
    }

    #[test]
    fn nesting_is_bounded() {
        assert_eq!(wrong(&"[".repeat(100_000)).0, "brackets are nested too deeply");
        let fine = format!("{}{}", "[".repeat(60), "]".repeat(60));
        assert!(Source::new("x", fine).root().is_ok());
    }
}
