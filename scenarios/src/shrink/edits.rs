//! How can one element of a scenario's text be made simpler?
//!
//! Each edit is a stretch of the text and what takes its place. What RON or the scenario's own rules refuse is found out by reading the
//! result, so that nothing here knows which fields may be left out.

use crate::text::Source;
use crate::text::cut::{each, span_of_field, without};
use crate::text::parse::parse;
use crate::text::tree::{Element, Field, Shape};
use models::workloads::Arrivals;
use sim_core::sample::Distribution;
use sim_core::time::SimDuration;
use sim_core::units::Rate;

/// A simpler text, and what was done to get it, in words.
pub type Edit = (String, String);

/// What is a number of something that can be fewer.
const COUNTS: [&str; 7] = ["count", "replicas", "members", "workers", "attempts", "holders", "most"];

/// No length is made shorter than this.
const SOONEST: SimDuration = SimDuration::from_millis(1);

/// The text with something left out: a field, or an item of a list. The larger what is left out, the earlier it comes.
pub fn left_out(text: &str) -> Vec<Edit> {
    let mut found: Vec<(usize, Edit)> = Vec::new();
    on_each(text, &mut |root, element| {
        let mut add = |span: crate::problem::Span, what: String| {
            let length = span.end() - span.start();
            found.push((length, (splice_out(text, root, span), what)));
        };
        match element.shape() {
            Shape::Struct => {
                for Field { name, name_span, value } in element.fields().unwrap_or_default() {
                    add(span_of_field(name_span, value), format!("without `{name}`"));
                }
            }
            Shape::List => {
                for item in element.items().unwrap_or_default() {
                    add(item.span(), format!("without `{}`", at_a_glance(item.text())));
                }
            }
            _ => {}
        }
    });
    found.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    found.into_iter().map(|(_, edit)| edit).collect()
}

/// The text with a count or a rate lower.
pub fn fewer(text: &str) -> Vec<Edit> {
    let mut found = Vec::new();
    on_each(text, &mut |_, element| {
        for field in element_fields(element) {
            let name = field.name;
            let mut replace = |value: String| found.push((spliced(text, field.value, &value), format!("`{name}: {value}`")));
            if COUNTS.contains(&name)
                && let Ok(count) = parse::<u64>(field.value)
            {
                lower(count).into_iter().for_each(|count| replace(count.to_string()));
            }
            if name == "rate"
                && let Ok(rate) = parse::<Rate>(field.value)
            {
                slower(rate).into_iter().for_each(|rate| replace(format!("\"{rate}\"")));
            }
        }
    });
    found
}

/// The text with a length of time a tenth or half of what it is.
pub fn sooner(text: &str) -> Vec<Edit> {
    let mut found = Vec::new();
    let mut shorten = |name: &str, element: Element<'_>| {
        let length = Some(element).filter(|element| element.shape() == Shape::Text).and_then(|element| parse::<SimDuration>(element).ok());
        let Some(length) = length else { return };
        let shorter = [length / 10, length / 2].map(rounded).into_iter().filter(|shorter| (SOONEST..length).contains(shorter));
        found.extend(shorter.map(|shorter| (spliced(text, element, &format!("\"{shorter}\"")), format!("`{name}: \"{shorter}\"`"))));
    };
    on_each(text, &mut |_, element| match element.shape() {
        Shape::Struct => element_fields(element).into_iter().for_each(|field| shorten(field.name, field.value)),
        Shape::Tuple => {
            let name = element.variant_name().unwrap_or_default();
            element.items().unwrap_or_default().into_iter().for_each(|item| shorten(name, item));
        }
        _ => {}
    });
    found
}

/// The text with chance taken out of it: lengths that are always their mean, and arrivals at an even pace.
pub fn constant(text: &str) -> Vec<Edit> {
    let mut found = Vec::new();
    on_each(text, &mut |_, element| {
        let Some(name) = element.variant_name().filter(|name| *name != "Constant") else { return };
        if let Ok(distribution) = parse::<Distribution>(element)
            && distribution.check().is_empty()
            && !matches!(distribution, Distribution::Constant(_))
        {
            let mean = rounded(distribution.compile().mean());
            found.push((spliced(text, element, &format!("Constant(\"{mean}\")")), format!("always {mean} instead of {name}")));
        } else if let Ok(Arrivals::Poisson(_)) = parse::<Arrivals>(element)
            && let Some(rate) = element_fields(element).into_iter().find(|field| field.name == "rate")
        {
            let rate = rate.value.text();
            found.push((spliced(text, element, &format!("Constant(rate: {rate})")), format!("arrivals at an even {rate}")));
        }
    });
    found
}

/// Numbers below this one, the lowest first.
fn lower(count: u64) -> Vec<u64> {
    let mut all = vec![1, 2, 3, count / 10, count / 4, count / 2, count.saturating_sub(1)];
    all.retain(|lower| (1..count).contains(lower));
    all.sort_unstable();
    all.dedup();
    all
}

/// Rates below this one, the lowest first, in whole calls of some unit of time.
fn slower(rate: Rate) -> Vec<Rate> {
    let per_second = rate.per_second_f64();
    let whole = |parts: f64| {
        let per_hour = (per_second * 3600.0 / parts) as u64;
        let text = if per_hour >= 3600 { format!("{}/s", per_hour / 3600) } else { format!("{per_hour}/h") };
        text.parse::<Rate>().ok().filter(|slower| !slower.is_zero() && *slower < rate)
    };
    [100.0, 10.0, 4.0, 2.0].into_iter().filter_map(whole).collect()
}

/// A length of two digits.
pub fn rounded(length: SimDuration) -> SimDuration {
    let mut unit = 1;
    while length.as_nanos() / unit >= 100 {
        unit *= 10;
    }
    SimDuration::from_nanos((length.as_nanos() + unit / 2) / unit * unit)
}

/// So many letters of a text name it well enough.
const NAMED: usize = 60;

/// A text in one line, cut off behind a whole part where it is long.
pub fn at_a_glance(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((most, _)) = line.char_indices().nth(NAMED) else { return line };
    let whole = line[..most].rfind([',', ' ']).unwrap_or(most);
    format!("{} ...", line[..whole].trim_end_matches([',', ' ']))
}

fn element_fields(element: Element<'_>) -> Vec<Field<'_>> {
    if element.shape() == Shape::Struct { element.fields().unwrap_or_default() } else { Vec::new() }
}

/// Shows every element of a text, and the text as one.
fn on_each(text: &str, show: &mut dyn FnMut(Element<'_>, Element<'_>)) {
    let source = Source::new("piece", text);
    if let Ok(root) = source.root() {
        each(root, &mut |element| show(root, element));
    }
}

/// The text with another value in the place of an element.
fn spliced(text: &str, element: Element<'_>, value: &str) -> String {
    let span = element.span();
    [&text[..span.start()], value, &text[span.end()..]].concat()
}

/// The text without what stands at a place in it.
fn splice_out(text: &str, root: Element<'_>, span: crate::problem::Span) -> String {
    let inside = without(root, span);
    [&text[..root.span().start()], &inside, &text[root.span().end()..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = r#"Service(replicas: 3, demand: Exponential(mean: "12345us"), does: [Call("a"), Call("b")])"#;

    #[test]
    fn every_field_and_every_item_is_left_out_once_the_largest_first() {
        let texts: Vec<String> = left_out(SERVICE).into_iter().map(|(text, _)| text).collect();
        assert!(texts.contains(&r#"Service(replicas: 3, demand: Exponential(mean: "12345us"),)"#.to_owned()), "{texts:?}");
        assert!(
            texts.contains(&r#"Service(replicas: 3, demand: Exponential(mean: "12345us"), does: [Call("b")])"#.to_owned())
                || texts.iter().any(|text| text.contains("[ Call(\"b\")]")),
            "{texts:?}"
        );
        assert!(texts[0].len() <= texts[texts.len() - 1].len());
        assert_eq!(texts.len(), 6, "three fields, one inside of one of them, two items: {texts:?}");
    }

    #[test]
    fn chance_is_taken_out_and_numbers_go_down() {
        let constant: Vec<String> = constant(SERVICE).into_iter().map(|(text, _)| text).collect();
        assert_eq!(constant, [SERVICE.replace(r#"Exponential(mean: "12345us")"#, r#"Constant("12ms")"#)]);
        let clients = r#"Clients(count: 20, arrivals: Poisson(rate: "40/s"), calls: "x")"#;
        let fewer: Vec<String> = fewer(clients).into_iter().map(|(_, what)| what).collect();
        assert_eq!(fewer[..3], ["`count: 1`", "`count: 2`", "`count: 3`"]);
        assert!(fewer.contains(&"`rate: \"4/s\"`".to_owned()), "{fewer:?}");
        assert_eq!(super::constant(clients)[0].0, clients.replace("Poisson", "Constant"));
    }

    #[test]
    fn what_is_left_out_is_named_by_whole_words() {
        let link = "Link(from: \"default\", to: \"default\",\n     delay: Constant(\"5ms\"), loss: \"1%\")";
        assert_eq!(at_a_glance(link), "Link(from: \"default\", to: \"default\", delay: Constant(\"5ms\") ...");
        assert_eq!(at_a_glance("Crash(node:  \"db\")"), "Crash(node: \"db\")");
        let whats: Vec<String> = left_out(SERVICE).into_iter().map(|(_, what)| what).collect();
        assert!(whats.contains(&"without `Call(\"a\")`".to_owned()), "{whats:?}");
    }

    #[test]
    fn lengths_get_shorter_and_other_texts_stay_as_they_are() {
        let lock = r#"DistributedLock(ttl: "5s", work: "1ms", domain: ["one"])"#;
        let texts: Vec<String> = sooner(lock).into_iter().map(|(text, _)| text).collect();
        assert_eq!(texts, [lock.replace("5s", "500ms"), lock.replace("5s", "2.5s")]);
    }
}
