//! How does an element read in one line, without the comments and line breaks of the file?

use super::tree::{Element, Shape};

/// Returns an element in one line: names, keys and values as they are written, blanks as scenarios have them, comments left out.
///
/// ```
/// use scenarios::text::{Source, one_line};
///
/// let source = Source::new("x.ron", "(retry: Retry( // once\n attempts:2, ), \"on\": [ 5,\n6 ])".replace("\"on\"", "on"));
/// assert_eq!(one_line(source.root().unwrap()), "(retry: Retry(attempts: 2), on: [5, 6])");
/// ```
pub fn one_line(element: Element<'_>) -> String {
    let name = element.variant_name().unwrap_or_default();
    let joined = |parts: Vec<String>| parts.join(", ");
    // What cannot be taken apart stays as it stands: what is told of a scenario that runs has been read before.
    match element.shape() {
        Shape::Struct => {
            let fields = element.fields().unwrap_or_default();
            format!("{name}({})", joined(fields.iter().map(|field| format!("{}: {}", field.name, one_line(field.value))).collect()))
        }
        Shape::Tuple => format!("{name}({})", joined(items(element))),
        Shape::List => format!("[{}]", joined(items(element))),
        Shape::Map => {
            let entries = element.entries().unwrap_or_default();
            format!("{{ {} }}", joined(entries.iter().map(|entry| format!("{:?}: {}", entry.key, one_line(entry.value))).collect()))
        }
        Shape::Name | Shape::Text | Shape::Plain => element.text().to_owned(),
    }
}

fn items(element: Element<'_>) -> Vec<String> {
    element.items().unwrap_or_default().into_iter().map(one_line).collect()
}
