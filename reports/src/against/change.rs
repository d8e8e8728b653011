//! Is a difference better, worse, or no more than noise, when so many were looked at?

use super::difference::Difference;
use super::measures::is_beyond;
use scenarios::measures::{Better, Measure, Unit};
use sim_core::stats::holm::corrected;

/// What may come up by luck in one case in twenty, over everything that is compared, is noise.
const NOISE: f64 = 0.05;

/// What became of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Judged {
    /// It is worse, and not by luck.
    Worse,
    /// It is better, and not by luck.
    Better,
    /// It may be luck.
    Noise,
}

impl Judged {
    /// The words in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Better => "better",
            Self::Noise => "within noise",
        }
    }
}

/// One measure of one arm in one cell, then and now.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Index of the cell, of now.
    pub cell: u32,
    /// Index of the arm, of now.
    pub arm: u32,
    /// The measure.
    pub measure: String,
    /// What became of it.
    pub judged: Judged,
    /// What it was, in words: the median over the runs, or the mean where most runs do not differ.
    pub before: String,
    /// What it is.
    pub after: String,
    /// How much more it is, in words with a sign.
    pub difference: String,
    /// Between which bounds that lies with 95 % confidence.
    pub interval: Option<(String, String)>,
    /// Whether these are means.
    pub is_mean: bool,
    /// Seeds in which it got better and in which it got worse; `None` where seeds are not paired.
    pub seeds: Option<(u64, u64)>,
    /// How many seeds, or runs of both, are compared.
    pub runs: u64,
    /// The chance that luck alone shows this somewhere, corrected for everything that is compared.
    pub chance: f64,
    /// The seed of the run that got worst.
    pub worst_seed: u64,
    /// Whether any run differs at all.
    pub differs: bool,
}

/// A comparison that is not judged yet.
pub(super) struct Compared {
    pub cell: u32,
    pub arm: u32,
    pub measure: Measure,
    pub difference: Difference,
}

/// Judges all of them together.
pub(super) fn judged(compared: Vec<Compared>) -> Vec<Change> {
    let chances = corrected(&compared.iter().map(|one| one.difference.chance).collect::<Vec<f64>>());
    compared.into_iter().zip(chances).map(|(one, chance)| one.judged(chance)).collect()
}

impl Compared {
    fn judged(self, chance: f64) -> Change {
        let Self { cell, arm, measure, difference } = self;
        let (unit, more_is_better) = (measure.unit, measure.better == Better::More);
        let judged = match (chance < NOISE, difference.leaning.is_gt() == more_is_better) {
            (true, true) => Judged::Better,
            (true, false) => Judged::Worse,
            (false, _) => Judged::Noise,
        };
        let is_paired = difference.more + difference.less > 0;
        let (better, worse) = if more_is_better { (difference.more, difference.less) } else { (difference.less, difference.more) };
        let words = |value: i128| if is_beyond(value) { "cut off".to_owned() } else { unit.near(value as f64) };
        Change {
            cell,
            arm,
            measure: measure.name,
            judged,
            before: words(difference.before),
            after: words(difference.after),
            difference: signed(unit, difference.size),
            interval: difference.interval.map(|(low, high)| (signed(unit, low), signed(unit, high))),
            is_mean: difference.is_mean,
            seeds: is_paired.then_some((better, worse)),
            runs: difference.runs,
            chance,
            worst_seed: if more_is_better { difference.seeds.1 } else { difference.seeds.0 },
            differs: difference.leaning.is_ne() || difference.chance < 1.0 || is_paired,
        }
    }
}

/// Differences to what was cut off have no size.
fn signed(unit: Unit, value: i128) -> String {
    match (is_beyond(value), value > 0) {
        (true, true) => "cut off, and was not".to_owned(),
        (true, false) => "was cut off, and is not".to_owned(),
        (false, _) => unit.difference(value as f64),
    }
}
