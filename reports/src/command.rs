//! Which command repeats what a figure or a row shows?

use scenarios::results::Manifest;
use std::fmt::Write as _;

/// The command that compares all arms again: the same seeds, with the changes that were made on the command line.
pub fn compare(manifest: &Manifest) -> String {
    let mut command = format!("stormglass compare {}", quoted(&manifest.source));
    let _ = write!(command, " --seed {} --replications {}", manifest.first_seed, manifest.replications);
    push_changes(&mut command, manifest.changes.iter());
    command
}

/// The command that repeats one run. Which runs a sweep makes does not matter to it.
pub fn run(manifest: &Manifest, cell: u32, arm: u32, seed: u64) -> String {
    let name = manifest.arms.get(arm as usize).map_or("", String::as_str);
    let mut command = format!("stormglass run {} --arm {} --seed {seed}", quoted(&manifest.source), always_quoted(name));
    push_changes(&mut command, manifest.changes.iter().filter(|(path, _)| path != "sweep" && !path.starts_with("sweep.")));
    let values = manifest.cells.get(cell as usize).map_or(&[][..], Vec::as_slice);
    for (axis, value) in manifest.axes.iter().zip(values) {
        let _ = write!(command, " --set {}", quoted(&format!("{axis}={value}")));
    }
    command
}

/// The seed of the last replication.
pub fn last_seed(manifest: &Manifest) -> u64 {
    manifest.first_seed.saturating_add(u64::from(manifest.replications.saturating_sub(1)))
}

fn push_changes<'a>(command: &mut String, changes: impl Iterator<Item = &'a (String, String)>) {
    for (path, value) in changes {
        let _ = write!(command, " --set {}", quoted(&format!("{path}={value}")));
    }
}

/// A word as a shell reads it: bare if it may be.
fn quoted(word: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "-_./=,:%+@".contains(c);
    if !word.is_empty() && word.chars().all(bare) { word.to_owned() } else { always_quoted(word) }
}

/// A word in quotes: double ones where nothing inside means anything to a shell, single ones otherwise.
fn always_quoted(word: &str) -> String {
    if word.contains(['"', '$', '`', '\\', '!']) { format!("'{}'", word.replace('\'', r"'\''")) } else { format!("\"{word}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_repeated_without_what_says_which_runs_a_sweep_makes() {
        let change = |path: &str, value: &str| (path.to_owned(), value.to_owned());
        let text = r#"(schema: 1, name: "x", horizon: "9s", nodes: { "a": Clients(count: 1, arrivals: Constant(rate: "5/s"), calls: "b"), "b": Service(workers: 1, demand: Constant("10ms")) })"#;
        let source = scenarios::text::Source::new("x.ron", text);
        let scenario = scenarios::read(source, "x.ron", &[], scenarios::Extent::Grid).expect("the scenario is sound");
        let mut manifest = scenarios::sweep::manifest(&scenario);
        manifest.changes = vec![change("sweep.vary", "{}"), change("horizon", "8s")];
        (manifest.axes, manifest.cells) = (vec!["nodes.a.count".to_owned()], vec![vec!["3".to_owned()]]);
        let name = &manifest.arms[0];
        assert_eq!(
            run(&manifest, 0, 0, 7),
            format!("stormglass run x.ron --arm \"{name}\" --seed 7 --set horizon=8s --set nodes.a.count=3")
        );
        assert!(compare(&manifest).contains("sweep.vary={}"));
    }

    #[test]
    fn a_word_is_quoted_so_that_a_shell_reads_it_back() {
        assert_eq!(quoted("payment-brownout"), "payment-brownout");
        assert_eq!(quoted("my storm.ron"), "\"my storm.ron\"");
        assert_eq!(quoted("stacks.\"a -> b\"[0]=1"), "'stacks.\"a -> b\"[0]=1'");
        assert_eq!(always_quoted("it's $5"), r"'it'\''s $5'");
    }
}
