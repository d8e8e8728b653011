//! How is one element of a scenario replaced, and nothing else?
//!
//! A change is made in the text, not in parsed values: every byte outside the element stays, comments included, and the
//! result is checked like any file, so that a wrong value gets the same messages. Two conveniences: a text need not be
//! quoted (`rate=600/s`), and a field that is not written yet is added to its struct. Left out: new keys of maps and new
//! items of lists are not made up, because a misspelt path would create them; one sets the whole map or list instead.

use super::path::{Look, Path, Step, inside, locate_in, look};
use super::source::Source;
use super::split::{name_and_rest, next_token};
use super::tree::{Element, Shape};
use crate::problem::{Problem, Span};
use ron::value::RawValue;

/// Returns the text of the source with the element at `path` replaced by `value`, which is RON, or a text without quotes
/// where a text stands now.
pub fn replace(source: &Source, path: &Path, value: &str) -> Result<String, Problem> {
    let edit = edit(source.root()?, path, value)?;
    Ok(edit.applied_to(&source.text, 0))
}

/// Returns the text of `element` with the element at `path`, which begins inside it, replaced by `value`.
///
/// This is for elements that an arm has overlaid: the path of `vary` then begins inside them.
pub fn replace_in(element: Element<'_>, path: &Path, value: &str) -> Result<String, Problem> {
    let edit = edit(element, path, value)?;
    Ok(edit.applied_to(element.text(), element.span().start()))
}

/// New text for a stretch of the old one.
struct Edit {
    span: Span,
    text: String,
}

impl Edit {
    fn applied_to(&self, text: &str, offset: usize) -> String {
        let (start, end) = (self.span.start() - offset, self.span.end() - offset);
        [&text[..start], &self.text, &text[end..]].concat()
    }
}

fn edit(root: Element<'_>, path: &Path, value: &str) -> Result<Edit, Problem> {
    let Some((outer, last)) = path.split_last() else {
        return Ok(Edit { span: root.span(), text: written(path, value, Some(root))? });
    };
    match (look(locate_in(root, &outer)?, last)?, last) {
        (Look::Found(old), _) => {
            let old = unwrapped(old, value);
            Ok(Edit { span: old.span(), text: written(path, value, Some(old))? })
        }
        (Look::Absent(container), Step::Name(name)) if container.shape() == Shape::Struct && is_field_name(name) => {
            insertion(container, name, &written(path, value, None)?)
        }
        // This time for its problem: what is there instead.
        _ => Err(locate_in(root, path).err().unwrap_or_else(|| Problem::new(format!("`{path}` cannot be set")))),
    }
}

/// Returns the inside of `Timeout("1s")` when the new value is a bare one such as `2s`: names of variants are transparent.
fn unwrapped<'a>(old: Element<'a>, value: &str) -> Element<'a> {
    let has_name = Element::new(value.trim(), 0).variant_name().is_some();
    match inside(old) {
        Some(inner) if !has_name => unwrapped(inner, value),
        _ => old,
    }
}

/// Returns the value as RON. What is not RON, or a bare name in the place of a text, is quoted.
fn written(path: &Path, value: &str, old: Option<Element<'_>>) -> Result<String, Problem> {
    let value = value.trim();
    if value.is_empty() {
        return Err(Problem::new(format!("`{path}` is given no value")).path(path.to_string()).hint("an empty text is written \"\""));
    }
    let replaces_text = old.is_some_and(|old| old.shape() == Shape::Text);
    match RawValue::from_ron(value) {
        Ok(raw) => {
            let text = raw.trim().get_ron();
            let is_bare_name = Element::new(text, 0).shape() == Shape::Name && text != "None";
            Ok(if replaces_text && is_bare_name { quoted(text) } else { text.to_owned() })
        }
        Err(_) if !value.starts_with(['(', '[', '{', '"']) && (replaces_text || is_bare(value)) => Ok(quoted(value)),
        Err(_) => Err(not_ron(path, value)),
    }
}

/// Says whether a value is one word, such as `600/s`, and no attempt at a struct or list.
fn is_bare(value: &str) -> bool {
    !value.contains(|c: char| c.is_whitespace() || "()[]{}\",:".contains(c))
}

fn quoted(text: &str) -> String {
    ron::to_string(text).expect("a text can always be written as RON")
}

fn not_ron(path: &Path, value: &str) -> Problem {
    let because = Source::new("value", value).root().err().map(|problem| (problem.message, problem.expected, problem.hint));
    let (message, expected, hint) = because.unwrap_or_default();
    let message = if message.is_empty() { "here is a comment at its end".to_owned() } else { message };
    let problem = Problem::new(format!("the value `{value}` cannot be read: {message}")).path(path.to_string());
    Problem { expected, hint, ..problem }
}

fn is_field_name(name: &str) -> bool {
    name_and_rest(name).is_some_and(|(word, rest)| word == name && rest.is_empty())
}

/// Returns the edit that adds a field behind the last one, or as the first one.
fn insertion(container: Element<'_>, name: &str, value: &str) -> Result<Edit, Problem> {
    let body = container.body().span();
    let fields = container.fields()?;
    let Some(last) = fields.last() else {
        let behind_bracket = body.start() + 1;
        return Ok(Edit { span: Span::new(behind_bracket, behind_bracket), text: format!("{name}: {value}") });
    };
    let end = last.value.span().end();
    let rest = &container.text()[end - container.span().start()..];
    let next = next_token(rest);
    let (at, text) = if next.starts_with(',') {
        (body.end() - next.len() + 1, format!(" {name}: {value},"))
    } else {
        (end, format!(", {name}: {value}"))
    };
    Ok(Edit { span: Span::new(at, at), text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(text: &str, path: &str, value: &str) -> String {
        replace(&Source::new("x", text), &Path::parse(path).unwrap(), value).unwrap()
    }

    fn refused(text: &str, path: &str, value: &str) -> String {
        replace(&Source::new("x", text), &Path::parse(path).unwrap(), value).unwrap_err().message
    }

    #[test]
    fn only_the_element_changes() {
        assert_eq!(patched("// é\r\n( a : 1 /* one */ , b: [2, 3], ) // end", "a", "7"), "// é\r\n( a : 7 /* one */ , b: [2, 3], ) // end");
        assert_eq!(patched("(b: [2, 3])", "b[1]", "(x: 1)"), "(b: [2, (x: 1)])");
        assert_eq!(patched("(a: Poisson(rate: \"1/s\"))", "a", "Closed(think: \"1s\")"), "(a: Closed(think: \"1s\"))");
    }

    #[test]
    fn a_text_is_quoted_for_the_reader() {
        assert_eq!(patched("(a: \"900/s\")", "a", "600/s"), "(a: \"600/s\")");
        assert_eq!(patched("(a: \"900/s\")", "a", "\"600/s\""), "(a: \"600/s\")");
        assert_eq!(patched("(a: \"x\")", "a", "hello"), "(a: \"hello\")");
        assert_eq!(patched("(a: \"x\")", "a", "say \\ \"hi\", you"), r#"(a: "say \\ \"hi\", you")"#);
        assert_eq!(patched("(a: \"x\")", "a", "600"), "(a: 600)", "a number without its unit is left for the check to explain");
        assert_eq!(patched("(a: Held)", "a", "Released"), "(a: Released)");
        assert_eq!(patched("(a: \"x\")", "a", "None"), "(a: None)");
    }

    #[test]
    fn names_of_variants_are_transparent_for_a_bare_value() {
        assert_eq!(patched("(a: [Timeout(\"1s\")])", "a[0]", "2s"), "(a: [Timeout(\"2s\")])");
        assert_eq!(patched("(a: [Timeout(\"1s\")])", "a[0]", "Deadline(\"2s\")"), "(a: [Deadline(\"2s\")])");
    }

    #[test]
    fn a_field_that_is_not_written_yet_is_added() {
        assert_eq!(patched("(a: 1)", "b", "2"), "(a: 1, b: 2)");
        assert_eq!(patched("(a: 1,)", "b", "2"), "(a: 1, b: 2,)");
        assert_eq!(patched("()", "b", "5s"), "(b: \"5s\")");
        assert_eq!(patched("( /* none */ )", "b", "2"), "(b: 2 /* none */ )");
        assert_eq!(patched("(\n    a: X(c: 1), // why\n)", "b", "2"), "(\n    a: X(c: 1), b: 2, // why\n)");
        assert_eq!(patched("(\n    a: 1 // why\n)", "b", "2"), "(\n    a: 1, b: 2 // why\n)");
        assert_eq!(patched("(a: 1 /* , */ , )", "b", "2"), "(a: 1 /* , */ , b: 2, )");
        assert_eq!(patched("(a: Retry())", "a.attempts", "2"), "(a: Retry(attempts: 2))");
        assert_eq!(patched("(a: Breaker(Netflix(x: 1)))", "a.y", "2"), "(a: Breaker(Netflix(x: 1, y: 2)))");
    }

    #[test]
    fn nothing_is_made_up_for_maps_lists_and_misspelt_paths() {
        assert_eq!(refused("(a: {\"x\": 1})", "a.y", "2"), "`a` has no `y`");
        assert_eq!(refused("(a: [1])", "a[1]", "2"), "`a` has 1 item, so there is no `[1]`");
        assert_eq!(refused("(a: 1)", "b.c", "2"), "the scenario has no `b`");
        assert_eq!(refused("(a: Held)", "a.c", "2"), "`a` is the name `Held`, so it has no `c`");
        assert_eq!(refused("(a: 1)", "\"b c\"", "2"), "the scenario has no `b c`");
    }

    #[test]
    fn a_value_that_cannot_be_read_is_refused_with_the_reason() {
        assert_eq!(refused("(a: 1)", "a", "(b: 2"), "the value `(b: 2` cannot be read: this `(` is never closed");
        assert_eq!(refused("(a: 1)", "a", "  "), "`a` is given no value");
        assert_eq!(refused("(a: 1)", "a", "1, b: 2"), "the value `1, b: 2` cannot be read: here is more than one value");
        assert_eq!(refused("(a: 1)", "a", "1 // x"), "the value `1 // x` cannot be read: here is a comment at its end");
    }

    #[test]
    fn an_element_is_patched_alone_for_an_arm() {
        let source = Source::new("x", "(arms: { \"a\": [Retry(attempts: 3)] })");
        let list = locate_in(source.root().unwrap(), &Path::parse("arms.a").unwrap()).unwrap();
        assert_eq!(replace_in(list, &Path::parse("[0].attempts").unwrap(), "5").unwrap(), "[Retry(attempts: 5)]");
    }
}
