//! How does a comment look on a page? `` `x` `` is code and `*x*` is emphasis, as in Markdown; everything else stands as written.

use super::escaped;

/// Text of a scenario, escaped, with code and emphasis.
pub fn inline(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 32);
    let mut rest = text;
    let mut before = ' ';
    while let Some(at) = rest.find(['`', '*']) {
        let (plain, marked) = rest.split_at(at);
        html.push_str(&escaped(plain));
        before = plain.chars().next_back().unwrap_or(before);
        let found = if marked.starts_with('`') { code(marked) } else { emphasis(marked, before) };
        let (element, inside, length) = found.unwrap_or(("", &marked[..1], 1));
        if element.is_empty() {
            html.push_str(inside);
        } else {
            html.push_str(&format!("<{element}>{}</{element}>", escaped(inside)));
        }
        before = marked[..length].chars().next_back().unwrap_or(before);
        rest = &marked[length..];
    }
    html.push_str(&escaped(rest));
    html
}

/// What stands between a backtick and the next one, and the length with both.
fn code(marked: &str) -> Option<(&'static str, &str, usize)> {
    let inside = &marked[1..][..marked[1..].find('`')?];
    (!inside.is_empty()).then_some(("code", inside, inside.len() + 2))
}

/// What stands between a star, or two, and the next: words that begin and end with it, so that products stay products.
fn emphasis(marked: &str, before: char) -> Option<(&'static str, &str, usize)> {
    let (element, stars) = if marked.starts_with("**") { ("strong", "**") } else { ("em", "*") };
    let inside = &marked[stars.len()..][..marked[stars.len()..].find(stars)?];
    let length = inside.len() + 2 * stars.len();
    let behind = marked[length..].chars().next().unwrap_or(' ');
    let is_word = !inside.is_empty() && inside.trim() == inside && !inside.contains('`');
    (is_word && !before.is_alphanumeric() && !behind.is_alphanumeric()).then_some((element, inside, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_are_code_and_stars_around_words_are_emphasis() {
        assert_eq!(inline("say `late_work: Finish` here"), "say <code>late_work: Finish</code> here");
        assert_eq!(inline("a *gray failure*, and **no** more"), "a <em>gray failure</em>, and <strong>no</strong> more");
        assert_eq!(inline("`a*b*c` and `x<y>`"), "<code>a*b*c</code> and <code>x&lt;y&gt;</code>");
    }

    #[test]
    fn what_is_no_markup_stands_as_it_was_written() {
        for text in ["2*3*4", "a * b * c", "one ` alone", "** and *", "x `` y", "f*g and h*", "*"] {
            assert_eq!(inline(text), text);
        }
        assert_eq!(inline("*a* <b> & *`c`*"), "<em>a</em> &lt;b&gt; &amp; *<code>c</code>*");
    }
}
