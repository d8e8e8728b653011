//! What are the parts of a system, and what do callers do in every arm, in words?

use scenarios::results::Manifest;
use scenarios::story::{Part, Stack};

/// What a part is, without a full stop. `code` puts a setting as it is written, `words` the rest.
pub fn part(part: &Part, code: &dyn Fn(&str) -> String, words: &dyn Fn(&str) -> String) -> String {
    let settings = part.settings.iter().map(|setting| code(setting));
    std::iter::once(words(&part.words)).chain(settings).collect::<Vec<_>>().join("; ")
}

/// Above what callers do in every arm; without arms to compare it is what they do.
pub fn heading(manifest: &Manifest) -> &'static str {
    if manifest.arms.len() > 1 { "What callers do in every arm" } else { "What callers do" }
}

/// The layers of one edge, outermost first, without a full stop. `code` puts a layer as it is written, `words` what it does.
pub fn sentence(stack: &Stack, code: &dyn Fn(&str) -> String, words: &dyn Fn(&str) -> String) -> String {
    let layers: Vec<String> = stack.layers.iter().map(|layer| format!("{} {}", code(&layer.name), words(&layer.words))).collect();
    let rest = if stack.is_all { "" } else { "; arms differ in what else they do" };
    format!("{}{rest}", layers.join("; inside it, "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_part_stands_last_what_the_scenario_says_and_the_words_leave_out() {
        let settings = vec!["restarts: ()".to_owned(), "queue: Lifo()".to_owned()];
        let told = Part { name: "db".to_owned(), words: "3 replicas".to_owned(), settings };
        assert_eq!(part(&told, &|code| format!("<{code}>"), &str::to_owned), "3 replicas; <restarts: ()>; <queue: Lifo()>");
    }

    #[test]
    fn layers_are_told_from_the_outside_and_what_arms_do_besides_is_not_denied() {
        let part = |name: &str, words: &str| Part { name: name.to_owned(), words: words.to_owned(), settings: Vec::new() };
        let layers = vec![part("Deadline(\"2s\")", "ends the call"), part("Timeout(\"1s\")", "ends an attempt")];
        let told = |is_all| {
            let stack = Stack { edge: "a -> b".to_owned(), layers: layers.clone(), is_all };
            sentence(&stack, &|code| format!("<{code}>"), &str::to_owned)
        };
        assert_eq!(told(true), "<Deadline(\"2s\")> ends the call; inside it, <Timeout(\"1s\")> ends an attempt");
        assert!(told(false).ends_with("ends an attempt; arms differ in what else they do"));
    }
}
