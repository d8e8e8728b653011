//! What does a scenario say about itself?
//!
//! Its first comment, as the one who wrote it meant it: without slashes and stars, with the lines of a paragraph joined, and
//! with tables and formulas, which are indented, left as they are.

/// Returns the first comment of a text: the lines of a paragraph are joined, and an empty line stands between paragraphs.
/// Lines indented by three or more blanks stay lines and are indented by four, as preformatted text is in Markdown.
///
/// The comment must stand in front of everything else. It is a row of `//` lines, or one `/* ... */`; a text without
/// one gives the empty string.
///
/// ```
/// use scenarios::text::first_comment;
///
/// assert_eq!(first_comment("// A database slows down.\n// Who recovers?\n(schema: 1)"), "A database slows down. Who recovers?");
/// assert_eq!(first_comment("(schema: 1) // no"), "");
/// ```
pub fn first_comment(text: &str) -> String {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if let Some(inside) = text.strip_prefix("/*") {
        let lines = block(inside).lines().map(|line| line.trim_start().trim_start_matches('*'));
        return prose(lines);
    }
    let lines = text.lines().map_while(|line| line.trim_start().strip_prefix("//"));
    prose(lines.map(|line| line.trim_start_matches(['/', '!'])))
}

/// Returns the inside of a block comment, from behind its opening. Block comments nest in RON.
fn block(inside: &str) -> &str {
    let mut depth = 1;
    let mut at = 0;
    while depth > 0 {
        let rest = &inside[at..];
        let Some(next) = rest.find(['*', '/']) else { return inside };
        at += next;
        match inside.get(at..at + 2) {
            Some("*/") => depth -= 1,
            Some("/*") => depth += 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
    }
    &inside[..at - 2]
}

/// A line that is indented deeper than this behind its marker is a table or a formula: it stays a line.
const PROSE_INDENT: usize = 2;

fn prose<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    #[derive(PartialEq)]
    enum Last {
        Nothing,
        Blank,
        Prose,
        Table,
    }
    let mut text = String::new();
    let mut last = Last::Nothing;
    // How deep the first line of a table stands: what stands deeper goes on from the line before.
    let mut base = 0;
    for line in lines {
        let (words, indent) = (line.trim(), line.len() - line.trim_start().len());
        if words.is_empty() {
            last = if text.is_empty() { Last::Nothing } else { Last::Blank };
            continue;
        }
        let kind = if indent > PROSE_INDENT { Last::Table } else { Last::Prose };
        text.push_str(match (&last, &kind) {
            (Last::Nothing, _) => "",
            (Last::Prose, Last::Prose) => " ",
            (Last::Table, Last::Table) => "\n",
            _ => "\n\n",
        });
        if kind == Last::Table {
            base = if last == Last::Table { base } else { indent };
            text.push_str(&" ".repeat(4 + indent.saturating_sub(base)));
        }
        text.push_str(words);
        last = kind;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_and_an_empty_line_begins_a_paragraph() {
        assert_eq!(first_comment("\u{feff}\r\n  // One\r\n// two.\r\n//\r\n// Three.\r\n\r\n// not this\r\n()"), "One two.\n\nThree.");
    }

    #[test]
    fn a_table_stays_a_table() {
        let text = "// Load:\n//   eager   750/s\n//   budget  275/s\n// So there.\n()";
        assert_eq!(first_comment(text), "Load:\n\n    eager   750/s\n    budget  275/s\n\nSo there.");
    }

    #[test]
    fn what_stands_deeper_in_a_table_stays_deeper() {
        let text = "// Arms:\n//   eager   first\n//           and then\n//   budget  second\n()";
        assert_eq!(first_comment(text), "Arms:\n\n    eager   first\n            and then\n    budget  second");
    }

    #[test]
    fn a_block_comment_loses_its_stars_and_may_nest() {
        assert_eq!(first_comment("/**\n * One /* inner */ two.\n *\n * Three.\n */\n()"), "One /* inner */ two.\n\nThree.");
        assert_eq!(first_comment("/* short */ ()"), "short");
        assert_eq!(first_comment("/* µ * / é"), "µ * / é");
    }

    #[test]
    fn a_text_without_a_leading_comment_says_nothing() {
        assert_eq!(first_comment("(a: 1) // later"), "");
        assert_eq!(first_comment(""), "");
    }
}
