//! What does the guide to the language say of one name that does not explain itself?
//!
//! Protocols, distributions, arrivals and clocks are described in tables of docs/language.md, a row each. `explain` shows that row, so that
//! there is one description of them, beside the names of their fields, which their own code is asked for.

/// The guide, as it is published.
const GUIDE: &str = include_str!("../../docs/language.md");

/// What the guide says of a name.
pub struct Entry {
    /// How it is written.
    pub example: String,
    /// What it means.
    pub meaning: String,
    /// Name, meaning and default of each field, where these have a table of their own.
    pub fields: Vec<[String; 3]>,
}

/// The head of the first column of the table of a kind, as `list` names kinds.
fn column(kind: &str) -> Option<&'static str> {
    match kind {
        "protocols" => Some("| group |"),
        "distributions" => Some("| distribution |"),
        "arrivals" => Some("| arrivals |"),
        "clocks" => Some("| clock |"),
        _ => None,
    }
}

/// What the guide says of a name of this kind, if it has a table of them.
pub fn entry(kind: &str, name: &str) -> Option<Entry> {
    let head = column(kind)?;
    let begin = format!("| `{name}(");
    let row = rows(GUIDE.lines().skip_while(|line| !line.starts_with(head))).find(|line| line.starts_with(&begin))?;
    let [example, meaning] = cells(row)?;
    let fields = link(meaning).map_or_else(Vec::new, fields_below);
    Some(Entry { example: example.trim_matches('`').to_owned(), meaning: plain(meaning), fields })
}

/// What the guide says where it speaks of a word that has no page: how it is written and what it means, row by row of its tables; if no table has it,
/// the paragraphs that do, under the heading of each.
pub fn mentions(word: &str) -> Vec<(String, String)> {
    let (mut of_tables, mut of_text) = (Vec::new(), Vec::new());
    let (mut heading, mut heads, mut paragraph, mut is_code) = ("", None, String::new(), false);
    // A last empty line ends the last paragraph.
    for line in GUIDE.lines().chain(std::iter::once("")) {
        let row: Option<Vec<&str>> = line.trim().strip_prefix("| ").and_then(|row| Some(row.strip_suffix(" |")?.split(" | ").collect()));
        if let Some(cells) = row {
            let heads: &Vec<&str> = heads.get_or_insert_with(|| cells.clone());
            if cells[0].starts_with('`') && is_written_in(line, word) && cells.len() > 1 {
                // Which value is the default, and whatever else a table has beside meanings.
                let others = heads.iter().zip(&cells).skip(2).map(|(head, cell)| format!("; {head}: {cell}"));
                of_tables.push((cells[0].replace('`', ""), plain(&format!("{}{}", cells[1], others.collect::<String>()))));
            }
            continue;
        }
        heads = None;
        is_code ^= line.starts_with("```");
        if line.is_empty() || line.starts_with('#') || line.starts_with("```") {
            let text = std::mem::take(&mut paragraph);
            if is_written_in(&text, word) {
                of_text.push((heading.to_owned(), plain(text.trim())));
            }
        }
        match line.strip_prefix('#') {
            Some(title) if !is_code => heading = title.trim_start_matches('#').trim(),
            None if !is_code && !line.starts_with("```") => paragraph = format!("{paragraph}{line} "),
            _ => {}
        }
    }
    if of_tables.is_empty() { of_text } else { of_tables }
}

/// Whether a row has this word as part of what is to be written, and not of another word.
fn is_written_in(row: &str, word: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    row.match_indices(word).any(|(at, _)| {
        let (before, after) = (&row[..at], &row[at + word.len()..]);
        before.matches('`').count() % 2 == 1 && !is_part(before.chars().next_back()) && !is_part(after.chars().next())
    })
}

/// The lines of the first table in these.
fn rows(lines: impl Iterator<Item = &'static str>) -> impl Iterator<Item = &'static str> {
    lines.take_while(|line| line.starts_with('|'))
}

fn cells<const N: usize>(row: &str) -> Option<[&str; N]> {
    let inner = row.trim().strip_prefix("| ")?.strip_suffix(" |")?;
    inner.split(" | ").collect::<Vec<_>>().try_into().ok()
}

/// The heading that a text refers to, as links write it.
fn link(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("](#")?;
    rest.split_once(')').map(|(slug, _)| slug)
}

/// The table of fields under a heading.
fn fields_below(slug: &str) -> Vec<[String; 3]> {
    let is_meant = |line: &str| line.starts_with('#') && line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-") == slug;
    let section = GUIDE.lines().skip_while(|line| !is_meant(line)).skip(1).take_while(|line| !line.starts_with('#'));
    let table = rows(section.skip_while(|line| !line.starts_with("| field | meaning | default |")));
    table.skip(2).filter_map(cells::<3>).map(|row| row.map(plain)).collect()
}

/// The words of a text without its marks: links become what they show.
fn plain(text: &str) -> String {
    let mut words = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        words += before;
        let shown = after.split_once(']').filter(|(shown, behind)| behind.starts_with('(') && !shown.contains('`'));
        rest = match shown.and_then(|(shown, behind)| Some((shown, behind.split_once(')')?.1))) {
            Some((shown, behind)) => {
                words += shown;
                behind
            }
            None => {
                words.push('[');
                after
            }
        };
    }
    (words + rest).replace(['*', '`'], "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::list;

    #[test]
    fn whatever_does_not_explain_itself_has_a_row_in_the_guide() {
        let all: Vec<_> = list::everything().into_iter().filter(|(kind, ..)| column(kind).is_some()).collect();
        assert!(all.len() > 40, "{}", all.len());
        for (kind, name, _) in all {
            let entry = entry(&kind, &name).unwrap_or_else(|| panic!("{name} of {kind} has no row"));
            assert!(entry.example.starts_with(&format!("{name}(")) && entry.example.ends_with(')'), "{}", entry.example);
            assert!(!entry.meaning.is_empty() && !entry.meaning.contains("](") && !entry.meaning.contains('*'), "{}", entry.meaning);
        }
    }

    #[test]
    fn a_word_without_a_page_is_explained_by_the_rows_that_speak_of_it() {
        let phi = mentions("PhiAccrual");
        assert_eq!(phi.len(), 1, "{phi:?}");
        assert!(phi[0].0.starts_with("Heartbeats(") && phi[0].1.contains("least_sd"), "{phi:?}");
        assert!(!mentions("UnsyncedLost").is_empty() && !mentions("OwnTermCommit").is_empty());
        assert!(
            mentions("Accrual").is_empty() && mentions("every member tells").is_empty(),
            "no part of a word, and nothing that nobody writes"
        );
    }

    #[test]
    fn what_stands_in_no_table_is_explained_by_paragraphs_and_columns_are_named() {
        let storms = mentions("Storm");
        assert!(storms.iter().any(|(heading, text)| heading == "Storms" && text.starts_with("storm: Storm(...) lets")), "{storms:?}");
        let renewal = mentions("renewal");
        assert!(!renewal.is_empty() && renewal.iter().all(|(_, meaning)| !meaning.contains(" | ")), "{renewal:?}");
        assert!(renewal.iter().any(|(_, meaning)| meaning.contains("; default: ")), "{renewal:?}");
    }

    #[test]
    fn what_has_a_table_of_fields_shows_it() {
        let raft = entry("protocols", "Raft").expect("it is described");
        assert!(raft.fields.iter().any(|[name, _, default]| name == "heartbeat" && default.contains("50ms")), "{:?}", raft.fields);
        assert_eq!(
            plain("see [below](#a-replicated-log): `without: [WriteBack]`, *hints kept*"),
            "see below: without: [WriteBack], hints kept"
        );
    }
}
