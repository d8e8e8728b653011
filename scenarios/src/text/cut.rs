//! How is one field, entry or item taken out of a text, and nothing else?
//!
//! What stands behind it up to the next comma goes with it; a comma before it stays, which RON reads as the end of a list.

use super::split::next_token;
use super::tree::Element;
use crate::problem::Span;

/// The text of `element` without what stands at `span`, which begins with the name or key and ends with the value.
pub fn without(element: Element<'_>, span: Span) -> String {
    let (text, offset) = (element.text(), element.span().start());
    let (start, end) = (span.start() - offset, span.end() - offset);
    let next = next_token(&text[end..]);
    let end = if next.starts_with(',') { text.len() - next.len() + 1 } else { end };
    [text[..start].trim_end(), &text[end..]].concat()
}

/// A text from its next token on, blanks and comments left out.
pub fn next(text: &str) -> &str {
    next_token(text)
}

/// From the name of a field to the end of its value.
pub fn span_of_field(name: Span, value: Element<'_>) -> Span {
    Span::new(name.start(), value.span().end())
}

/// Shows every element inside of one, itself first, from the outside in.
pub fn each<'a>(element: Element<'a>, show: &mut dyn FnMut(Element<'a>)) {
    show(element);
    // A text that is RON is nested no deeper than RON allows.
    element.children().into_iter().for_each(|child| each(child, show));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    fn cut(text: &str, field: &str) -> String {
        let source = Source::new("x", text);
        let root = source.root().expect("it is RON");
        let fields = root.fields().expect("it has fields");
        let found = fields.iter().find(|one| one.name == field).expect("it has this field");
        without(root, span_of_field(found.name_span, found.value))
    }

    #[test]
    fn a_field_goes_with_its_comma_and_what_stands_before_it() {
        assert_eq!(cut("(a: 1, b: [2, 3], c: 4)", "b"), "(a: 1, c: 4)");
        assert_eq!(cut("(a: 1, b: 2)", "b"), "(a: 1,)");
        assert_eq!(cut("(a: 1 /* one */ , b: 2,)", "a"), "( b: 2,)");
        assert_eq!(cut("(b: 2)", "b"), "()");
        let cut = cut("(a: 1, b: { \"x\": 1 } // why\n , c: 4)", "b");
        assert!(Source::new("x", &cut).root().is_ok() && !cut.contains("b:"), "{cut}");
    }
}
