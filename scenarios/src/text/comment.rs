//! What does a scenario say about itself?
//!
//! Its first comment, as the one who wrote it meant it: without slashes and stars, and with lines joined.

/// Returns the first comment of a text as plain prose: lines are joined, an empty comment line begins a new paragraph.
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

fn prose<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    let mut begins_paragraph = false;
    for line in lines.map(str::trim) {
        if line.is_empty() {
            begins_paragraph = !text.is_empty();
            continue;
        }
        if !text.is_empty() {
            text.push(if begins_paragraph { '\n' } else { ' ' });
        }
        begins_paragraph = false;
        text.push_str(line);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_and_an_empty_line_begins_a_paragraph() {
        assert_eq!(first_comment("\u{feff}\r\n  // One\r\n// two.\r\n//\r\n// Three.\r\n\r\n// not this\r\n()"), "One two.\nThree.");
    }

    #[test]
    fn a_block_comment_loses_its_stars_and_may_nest() {
        assert_eq!(first_comment("/**\n * One /* inner */ two.\n *\n * Three.\n */\n()"), "One /* inner */ two.\nThree.");
        assert_eq!(first_comment("/* short */ ()"), "short");
        assert_eq!(first_comment("/* µ * / é"), "µ * / é");
    }

    #[test]
    fn a_text_without_a_leading_comment_says_nothing() {
        assert_eq!(first_comment("(a: 1) // later"), "");
        assert_eq!(first_comment(""), "");
    }
}
