//! What else has to be known about a comparison: what came and went, what was changed, and how seeds are paired?

use super::{ArmPair, Change, FEWEST, Side, key, place};
use crate::number;
use crate::summary::cell_label;
use scenarios::results::Manifest;

/// Arms and cells that only the old or only the new results have.
pub(super) fn gone_and_come(then: &Manifest, now: &Manifest) -> (Vec<String>, Vec<String>) {
    let only = |these: &Manifest, those: &Manifest, verb: &str| {
        let arms = these.arms.iter().filter(|arm| !those.arms.contains(arm)).map(|arm| format!("the arm `{arm}` {verb}"));
        let keys: Vec<_> = (0..those.cells.len() as u32).map(|cell| key(those, cell)).collect();
        let cells = (0..these.cells.len() as u32).filter(|cell| !keys.contains(&key(these, *cell)));
        let label = |cell| match cell_label(these, cell) {
            label if label.is_empty() => "the system as written".to_owned(),
            label => format!("the cell {label}"),
        };
        arms.chain(cells.map(|cell| format!("{} {verb}", label(cell)))).collect::<Vec<String>>()
    };
    (only(then, now, "is gone"), only(now, then, "is new"))
}

/// The other sentences.
pub(super) fn of(before: Side<'_>, after: Side<'_>, arms: &[ArmPair], changes: &[Change]) -> Vec<String> {
    let (then, now) = (&before.results.manifest, &after.results.manifest);
    let mut notes = Vec::new();
    if then.scenario_hash == now.scenario_hash {
        notes.push(format!("the scenario's text is the same ({})", now.scenario_hash));
    } else {
        notes.push(format!("the scenario's text differs: {} then, {} now", then.scenario_hash, now.scenario_hash));
    }
    if then.tool_version != now.tool_version {
        notes.push(format!("made by Stormglass {} then, {} now", then.tool_version, now.tool_version));
    }
    for (what, was, is) in [("warm-up", then.warm_up, now.warm_up), ("horizon", then.horizon, now.horizon), ("bin", then.bin, now.bin)] {
        if was != is {
            notes.push(format!("the {what} was {was} and is {is}"));
        }
    }
    notes.extend(systems(now, arms));
    notes.extend(pairing(then, now, arms));
    notes.extend(too_few(arms, changes));
    let lost =
        |side: Side<'_>| side.results.manifest.cells.len() * side.results.manifest.arms.len() * side.results.manifest.replications as usize;
    for (side, when) in [(before, "then"), (after, "now")] {
        let finished = side.results.runs.iter().filter(|row| row.measures().is_some()).count();
        if finished < lost(side) {
            notes.push(format!("{finished} of {} runs were finished {when}; the others are not compared", lost(side)));
        }
    }
    notes
}

/// Which arms are the same, and why others differ.
fn systems(now: &Manifest, arms: &[ArmPair]) -> Vec<String> {
    let listed = |wanted: &dyn Fn(&ArmPair) -> bool| {
        let places: Vec<String> = arms.iter().filter(|pair| wanted(pair)).map(|pair| place(now, pair.cells.1, pair.arms.1)).collect();
        (!places.is_empty()).then(|| several(&places))
    };
    let equal = listed(&ArmPair::is_equal).map(|places| format!("unchanged to the last event: {places}"));
    let differs = |pair: &ArmPair| !pair.is_equal() && pair.common > 0;
    let tool = listed(&|pair| differs(pair) && pair.is_same_system)
        .map(|places| format!("the same system, and its runs differ, so that the program behaves otherwise: {places}"));
    let system = listed(&|pair| differs(pair) && !pair.is_same_system).map(|places| format!("another system: {places}"));
    [equal, tool, system].into_iter().flatten().collect()
}

/// Eight names, and how many more.
fn several(places: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown = places.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if places.len() > SHOWN { format!("{shown} and {} more", places.len() - SHOWN) } else { shown }
}

fn pairing(then: &Manifest, now: &Manifest, arms: &[ArmPair]) -> Vec<String> {
    let mut notes = Vec::new();
    let differing: Vec<&ArmPair> = arms.iter().filter(|pair| !pair.is_equal()).collect();
    let seeds = |manifest: &Manifest| {
        let last = manifest.first_seed.saturating_add(u64::from(manifest.replications.saturating_sub(1)));
        format!("{} to {last}", manifest.first_seed)
    };
    if differing.iter().any(|pair| !pair.is_paired) {
        let many = format!("seeds {} then, {} now: fewer than {FEWEST} are in both", seeds(then), seeds(now));
        notes.push(format!("unpaired: {many}, so that runs are compared as two groups, which needs more of them"));
    } else if let Some(common) = differing.iter().map(|pair| pair.common).min() {
        let only = if seeds(then) == seeds(now) {
            String::new()
        } else {
            format!(", those of {} then and {} now that are in both", seeds(then), seeds(now))
        };
        notes.push(format!("paired seed by seed: {}{only}", number::counted(&common.to_string(), "seed")));
        if then.instants_differ || now.instants_differ {
            notes.push("what happens in a run decides when faults strike: seeds share every draw, and not those instants".to_owned());
        }
    }
    notes
}

/// So few seeds can show nothing, however clear it is.
fn too_few(arms: &[ArmPair], changes: &[Change]) -> Option<String> {
    let pairs: Vec<&ArmPair> = arms.iter().filter(|pair| !pair.is_equal() && pair.is_paired).collect();
    let fewest = pairs.iter().map(|pair| pair.common).min()?;
    // All differences on one side: two of 2^n arrangements of signs.
    let can = |seeds: u64| 2.0 * changes.len() as f64 / ((1_u64 << seeds.min(60)) as f64) < 0.05;
    let needed = (1..60).find(|seeds| can(*seeds)).unwrap_or(60);
    let count = changes.len();
    (!can(fewest)).then(|| {
        format!("{fewest} seeds are too few for {count} comparisons: no difference, however clear, can be told from luck; {needed} could")
    })
}
