//! Which problem does an error of RON stand for, and which words of the file is it about?
//!
//! The text is known to be RON, so every error here means: this value does not fit its type. RON reports where its
//! cursor was: behind a value that was read and refused, or in front of one that was never begun. The words a problem
//! points at are those of the element around that cursor.

use super::elsewhere;
use super::syntax::{clause, offset_of};
use super::tree::{Element, Shape};
use crate::problem::{Problem, Span, one_of};
use models::faults::Timing;
use ron::error::{Error, SpannedError};

/// Returns the problem for an error that came up while `element` was read.
pub(super) fn explain(element: Element<'_>, noun: Option<&str>, error: SpannedError) -> Problem {
    let cursor = Cursor::of(element, &error);
    match error.code {
        Error::NoSuchStructField { expected, found, .. } => {
            // The fields of a fault's timing stand beside its own, and are read apart.
            let is_fault = noun == Some("fault") && cursor.around().span().end() == element.span().end();
            let common = if is_fault { &Timing::FIELDS[..] } else { &[] };
            cursor.unknown_field(&found, &[expected, common].concat())
        }
        Error::NoSuchEnumVariant { expected, found, outer } => cursor.unknown_variant(&found, expected, outer.as_deref(), noun),
        Error::MissingStructField { field, .. } => {
            let problem = Problem::new(format!("`{field}` is missing")).at(cursor.around().head());
            elsewhere::example_of(field).map_or(problem.clone(), |example| problem.hint(example))
        }
        Error::DuplicateStructField { field, .. } => cursor.duplicate(field),
        Error::ExpectedDifferentStructName { expected, found } => {
            let place = cursor.word(&found);
            Problem::new(format!("unknown name `{found}`")).at(place).expected(expected).suggest(&found, [expected])
        }
        Error::ExpectedStructLike | Error::ExpectedNamedStructLike(_) => cursor.brackets_needed(&error.code),
        Error::ExpectedComma | Error::TrailingCharacters | Error::ExpectedStructLikeEnd => cursor.too_much(),
        Error::ExpectedIdentifier | Error::SuggestRawIdentifier(_) => cursor.name_needed(),
        Error::InvalidValueForType { expected, found } => cursor.unfit(&expected, &found),
        Error::ExpectedDifferentLength { expected, found } => {
            let values = if found == 1 { "1 value".to_owned() } else { format!("{found} values") };
            Problem::new(format!("{values} written")).at(cursor.around().head()).expected(expected)
        }
        Error::IntegerOutOfBounds => cursor.out_of_range(),
        Error::ExceededRecursionLimit => Problem::new("brackets are nested too deeply").at(cursor.ahead().head()),
        Error::Message(message) => Problem::new(message).at(cursor.refused_place()),
        other => cursor.other(&other),
    }
}

/// Returns the brackets in which RON wanted names of fields and found values without them.
pub(super) fn unnamed<'a>(element: Element<'a>, error: &SpannedError) -> Option<Element<'a>> {
    if !matches!(error.code, Error::ExpectedIdentifier | Error::SuggestRawIdentifier(_)) {
        return None;
    }
    let mut chain = element.chain_to(element.span().start() + offset_of(element.text(), error.span.end));
    chain.pop();
    chain.pop().filter(|outer| outer.shape() == Shape::Tuple && outer.variant_name().is_some())
}

/// Returns what has nothing, or only names of fields, between its brackets, and the name of the first field: what was wanted there is another
/// name, or a value without one.
pub(super) fn without_value<'a>(element: Element<'a>, error: &SpannedError) -> Option<(Element<'a>, Option<&'a str>)> {
    let (before, after) = (offset_of(element.text(), error.span.start), offset_of(element.text(), error.span.end));
    // RON stands in front of the brackets, inside of them, or behind the first name in them.
    [after, before].into_iter().find_map(|offset| {
        let chain = element.chain_to((element.span().start() + offset).min(element.span().end() - 1));
        let outer = chain.into_iter().rev().find(|outer| outer.shape() == Shape::Struct && outer.variant_name().is_some())?;
        Some((outer, outer.fields_as_written().ok()?.first().map(|field| field.name)))
    })
}

/// Returns the brackets in which RON misses a field.
pub(super) fn lacking<'a>(element: Element<'a>, error: &SpannedError) -> Option<Element<'a>> {
    matches!(error.code, Error::MissingStructField { .. }).then(|| Cursor::of(element, error).around())
}

/// Returns the element that is pointed at by its head.
pub(super) fn around(element: Element<'_>, place: Option<Span>) -> Option<Element<'_>> {
    element.chain_to(place?.start()).pop()
}

/// Where RON stopped.
struct Cursor<'a> {
    element: Element<'a>,
    /// Where the last token began, if it was taken.
    before: usize,
    /// Where the next token begins.
    after: usize,
}

impl<'a> Cursor<'a> {
    fn of(element: Element<'a>, error: &SpannedError) -> Self {
        let start = element.span().start();
        Self {
            element,
            before: start + offset_of(element.text(), error.span.start),
            after: start + offset_of(element.text(), error.span.end),
        }
    }

    /// Returns the innermost element with the next token: that which was to be read.
    fn ahead(&self) -> Element<'a> {
        self.chain(self.after).pop().unwrap_or(self.element)
    }

    /// Returns the innermost element with brackets around the next token.
    fn around(&self) -> Element<'a> {
        let has_brackets = |element: &Element| !matches!(element.shape(), Shape::Name | Shape::Text | Shape::Plain);
        self.chain(self.after).into_iter().rev().find(has_brackets).unwrap_or(self.element)
    }

    /// Returns the innermost element that was read last and did not please.
    fn refused(&self) -> Element<'a> {
        let refused = self.chain(self.before).pop().unwrap_or(self.element);
        // A name without brackets is read together with the blanks behind it, so the cursor may stand just behind it.
        let behind = self.before.checked_sub(1).map(|last| self.chain(last).pop().unwrap_or(self.element));
        match behind {
            Some(name) if name.shape() == Shape::Name && name.span().end() == self.before => name,
            _ => refused,
        }
    }

    fn refused_place(&self) -> Span {
        let refused = self.refused();
        match refused.shape() {
            Shape::Name | Shape::Text | Shape::Plain => refused.span(),
            _ => refused.head(),
        }
    }

    fn chain(&self, offset: usize) -> Vec<Element<'a>> {
        self.element.chain_to(offset)
    }

    /// Returns the span of a word that RON has just read.
    fn word(&self, word: &str) -> Span {
        let start = self.element.span().start();
        let rest = self.element.text().get(self.before - start..).unwrap_or_default();
        let at = self.before + rest.find(word).filter(|at| *at <= "r#".len()).unwrap_or(0);
        Span::new(at, at + word.len())
    }

    fn unknown_field(&self, found: &str, known: &[&'static str]) -> Problem {
        let problem = Problem::new(format!("unknown field `{found}`")).at(self.word(found));
        if known.is_empty() {
            return problem.expected("no fields at all");
        }
        let problem = problem.expected(one_of(known.iter().copied()));
        match elsewhere::field_meant(found, known) {
            Some("does") => problem.hint("whom a service calls it says in `does: [Call(\"...\")]`"),
            Some(field) => problem.hint(format!("did you mean `{field}`?")),
            None => problem.suggest(found, known.iter().copied()),
        }
    }

    fn unknown_variant(&self, found: &str, known: &[&'static str], of: Option<&str>, noun: Option<&str>) -> Problem {
        let place = self.word(found);
        let is_outermost = place.start() <= self.element.span().start() + "r#".len();
        let noun = match (noun, of) {
            (Some(noun), _) if is_outermost => noun.to_owned(),
            (_, Some(name)) => spoken(name),
            _ => "name".to_owned(),
        };
        // What has a name of its own among the words of the language is called by it (`backoff`), other types by the field they are for.
        let is_type = of.is_some_and(|name| name.starts_with(char::is_uppercase)) && !is_outermost;
        let message = match self.field_at(place.start()).filter(|field| is_type && noun != *field) {
            Some(field) => format!("`{field}` cannot be `{found}`"),
            None => format!("unknown {noun} `{found}`"),
        };
        let problem = Problem::new(message).at(place).expected(one_of(known.iter().copied()));
        match elsewhere::place_of(found) {
            Some(hint) => problem.hint(hint),
            None => problem.suggest(found, known.iter().copied()),
        }
    }

    /// Returns the name of the field whose value begins here.
    fn field_at(&self, offset: usize) -> Option<&'a str> {
        let mut chain = self.chain(offset);
        let value = chain.pop()?;
        let fields = chain.pop()?.fields_as_written().ok()?;
        fields.into_iter().find(|field| field.value == value).map(|field| field.name)
    }

    fn duplicate(&self, field: &str) -> Problem {
        let found =
            self.chain(self.before).into_iter().rev().find_map(|element| element.fields().err().filter(|problem| problem.second.is_some()));
        found.unwrap_or_else(|| Problem::new(format!("field `{field}` is written twice")).at(self.word(field)))
    }

    /// Something with brackets is needed and something else is there.
    fn brackets_needed(&self, code: &Error) -> Problem {
        let refused = self.refused();
        if refused.shape() == Shape::Name {
            let name = refused.text();
            return Problem::new(format!("`{name}` needs its brackets"))
                .at(refused.span())
                .hint(format!("write `{name}()`; settings go between the brackets"));
        }
        let ahead = self.ahead();
        let problem = Problem::new(format!("{} does not fit here", ahead.described())).at(ahead.head());
        match code {
            Error::ExpectedNamedStructLike(name) if !name.is_empty() && ahead.variant_name().is_none() => {
                problem.expected(format!("`{name}(name: value, ...)`"))
            }
            _ => problem.expected("fields in round brackets, `(name: value, ...)`"),
        }
    }

    /// RON has read all it wanted, and more is written.
    fn too_much(&self) -> Problem {
        let ahead = self.ahead();
        match ahead.variant_name() {
            // The cursor stands at the brackets of `Held(...)`, which is complete without them.
            Some(name) if ahead.head().start() < self.after => {
                Problem::new(format!("`{name}` takes no brackets")).at(ahead.head()).hint(format!("write `{name}` alone"))
            }
            // The cursor stands inside a number: behind the digits of `2.5`, of which a whole number is made.
            None if ahead.shape() == Shape::Plain && ahead.span().start() < self.after => {
                Problem::new(format!("{} does not fit here", ahead.described())).at(ahead.span()).expected("a whole number")
            }
            _ => Problem::new(format!("{} is one value too many", ahead.described())).at(ahead.head()),
        }
    }

    /// A name is needed: of a variant, or of a field.
    fn name_needed(&self) -> Problem {
        let mut chain = self.chain(self.after);
        let ahead = chain.pop().unwrap_or(self.element);
        let fields_of = chain.pop().filter(|outer| outer.shape() == Shape::Tuple).and_then(Element::variant_name);
        if let Some(name) = fields_of {
            let problem = Problem::new(format!("{} has no field name", ahead.described())).at(ahead.head());
            return problem.hint(format!("`{name}` is written with the names of its fields, `{name}(name: value)`"));
        }
        let problem = Problem::new(format!("{} does not fit here", ahead.described())).at(ahead.head());
        let word = ahead.text().trim_matches('"');
        let is_quoted_name = ahead.shape() == Shape::Text
            && word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let problem = problem.expected("a name without quotes, with brackets if it has settings");
        let list = self.chain(self.after).into_iter().rev().find(|outer| outer.shape() == Shape::List);
        let field = list.and_then(|list| self.field_at(list.span().start())).or_else(|| self.field_at(ahead.span().start()));
        if let Some(hint) = elsewhere::value_meant(field, ahead.text()) {
            return problem.hint(hint);
        }
        if is_quoted_name { problem.hint(format!("write `{word}` or `{word}(...)`, without quotes")) } else { problem }
    }

    /// A value of one kind is there and a value of another kind was asked for, by words of the type itself.
    fn unfit(&self, expected: &str, found: &str) -> Problem {
        let refused = self.refused();
        let found = if matches!(refused.shape(), Shape::Text | Shape::Plain) || found.is_empty() {
            format!("`{}`", refused.text())
        } else {
            refused.described()
        };
        let problem = Problem::new(format!("{found} does not fit here")).at(self.refused_place()).expected(expected);
        match (refused.variant_name(), refused.shape()) {
            (Some(name), Shape::Struct | Shape::Tuple) => {
                problem.hint(format!("if `{name}` is right, it holds one value without a name: `{name}(value)`"))
            }
            _ => problem,
        }
    }

    fn out_of_range(&self) -> Problem {
        let number = self.refused();
        if number.text().starts_with('-') {
            let problem = Problem::new(format!("`{}` is negative", number.text())).at(number.span());
            return problem.expected("a number that is not negative");
        }
        // Counts have 32 bits, seeds and weights 64: RON says which range was left only by what was written.
        let most = match number.text().replace('_', "").parse::<u128>() {
            Ok(written) if written > u128::from(u64::MAX) => format!("at most {}", u64::MAX),
            Ok(written) if written > u128::from(u32::MAX) => format!("at most {}", u32::MAX),
            _ => "a smaller number".to_owned(),
        };
        Problem::new(format!("`{}` is too large here", number.text())).at(number.span()).expected(most)
    }

    /// A value of one kind is there and RON wanted another one before it looked at it.
    fn other(&self, code: &Error) -> Problem {
        let wanted = match code {
            Error::ExpectedArray => "a list in square brackets, `[a, b, ...]`",
            Error::ExpectedMap => "entries in braces, `{ \"name\": value, ... }`",
            Error::ExpectedString => "a text in double quotes",
            Error::ExpectedBoolean => "true or false",
            Error::ExpectedInteger | Error::InvalidIntegerDigit { .. } => "a whole number",
            Error::ExpectedFloat => "a number without quotes",
            Error::ExpectedUnit => "nothing but `()`",
            _ => return Problem::new(clause(&code.to_string())).at(self.ahead().head()),
        };
        let ahead = self.ahead();
        let problem = Problem::new(format!("{} does not fit here", ahead.described())).at(ahead.head()).expected(wanted);
        match (code, ahead.shape()) {
            (Error::ExpectedString, Shape::Name) => problem.hint(format!("write \"{}\"", ahead.text())),
            (Error::ExpectedArray, Shape::Struct | Shape::Tuple) if ahead.variant_name().is_some() => {
                problem.hint("a list of one is written in square brackets, too")
            }
            _ => problem,
        }
    }
}

/// Returns the name of a type as words: `QueueDiscipline` becomes "queue discipline".
fn spoken(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(c.to_lowercase());
    }
    words
}
