//! Did runs settle before they were measured, and were they watched for long enough afterwards?
//!
//! Own definition. The measured time before the first planned fault, or before the horizon where none is planned, is cut into up to
//! twenty slots of whole bins. In each the calls under way, the share of calls that succeed, successes per bin and calls started per bin
//! are averaged; over the runs of an arm these are whole numbers that add up in any order. Where the best
//! point to begin is not the warm-up's end is the question of [`sim_core::stats::mser`]; whether what comes before that point differs from what
//! comes after is asked run by run, and runs do not depend on each other, however much the bins of one do. A single run has only its
//! slots, whose spread counts as wider the more neighbours are alike.
//!
//! After the last fault the question is whether runs that had not come back at the horizon were on their way: whether in the last third of the time since the
//! fault more succeeded than in the third before, by more than chance.

use crate::results::Manifest;
use crate::run::Run;
use models::measure::{Bin, Recovery};
use serde::{Deserialize, Serialize};
use sim_core::stats::{mser, student};
use sim_core::time::SimTime;

/// The most slots of the measured time; and the fewest, of which nothing can be said.
const SLOTS: usize = 20;
/// See [`SLOTS`].
const FEWEST_SLOTS: usize = 10;
/// Values are summed in millionths.
const MILLION: i128 = 1_000_000;
/// Fewer runs than this are judged by the spread of their slots.
const FEWEST_RUNS: u64 = 6;
/// How often chance alone may look like a beginning, on either side: a comparison asks it of every arm, cell and series.
const CHANCE: f64 = 0.000_1;

/// What is looked at over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// Calls of clients that have begun and not ended, at the end of a bin.
    UnderWay,
    /// The share of the calls started that succeed.
    Share,
    /// Calls that end in success, per bin.
    Goodput,
    /// Calls started, per bin.
    Started,
}

impl Quantity {
    const ALL: [Self; 4] = [Self::UnderWay, Self::Share, Self::Goodput, Self::Started];

    /// How large a part of the usual value a mean may be wrong by before anybody would mind.
    const fn tolerated(self) -> f64 {
        match self {
            Self::UnderWay => 0.05,
            Self::Share => 0.005,
            Self::Goodput | Self::Started => 0.02,
        }
    }
}

/// The runs of one cell and arm over time, added up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Course {
    /// Runs that were looked at up to their first fault.
    runs: u64,
    /// By [`Quantity`].
    quantities: Vec<Slots>,
    /// Runs with a level to come back to, or without need of it.
    judged: u64,
    /// Runs that had not come back at the horizon.
    censored: u64,
    /// Those of them in which more and more succeeded.
    improving: u64,
}

/// One quantity of many runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Slots {
    /// By slot: the sum over the runs, in millionths.
    sums: Vec<i128>,
    /// By point, from the first slot to the middle: by how much the mean before it is above the mean after it, in millionths, summed over
    /// the runs; and the sum of the squares.
    apart: Vec<(i128, i128)>,
}

/// What a quantity did that ought to have settled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beginning {
    /// The quantity.
    pub quantity: Quantity,
    /// When it settled; `None` if it was still changing when it was last seen.
    pub settled: Option<SimTime>,
    /// Its mean from the warm-up up to there, or in the first half of the time.
    pub before: f64,
    /// Its mean afterwards.
    pub after: f64,
}

/// The measured time before the first fault, in slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The first measured bin.
    first: usize,
    /// Bins of a slot.
    width: usize,
    slots: usize,
    /// Where the first fault is planned, or the horizon.
    end: SimTime,
}

impl Frame {
    /// That of a cell; `None` if it is too short, everybody starts at once, or the scenario writes `warm_up: "0s"`.
    pub fn of(manifest: &Manifest, cell: u32) -> Option<Self> {
        // Who writes that there is no warm-up asks for the beginning as well.
        let asks_for_it = manifest.warm_up.is_zero() && manifest.assumptions.iter().any(|one| one.path == "warm_up" && one.written);
        if manifest.load == "one-shot" || asks_for_it {
            return None;
        }
        let horizon = SimTime::ZERO.saturating_add(manifest.horizon);
        let end = manifest.faults_of(cell).iter().map(|fault| fault.begin).min().unwrap_or(horizon).min(horizon);
        let bin = manifest.bin.as_nanos();
        let (first, last) = (manifest.warm_up.as_nanos().div_ceil(bin) as usize, (end.as_nanos() / bin) as usize);
        let bins = last.saturating_sub(first);
        let slots = bins.min(SLOTS);
        (slots >= FEWEST_SLOTS).then(|| Self { first, width: bins / slots, slots, end })
    }

    /// When a slot begins.
    fn start_of(&self, slot: usize, manifest: &Manifest) -> SimTime {
        SimTime::ZERO.saturating_add(manifest.bin.saturating_mul((self.first + slot * self.width) as u64))
    }
}

impl Course {
    /// Adds a run.
    pub fn add(&mut self, manifest: &Manifest, cell: u32, run: &Run) {
        let strikes_early = |frame: &Frame| run.measures.episodes.iter().any(|episode| episode.begin < frame.end);
        if let Some(frame) = Frame::of(manifest, cell).filter(|frame| !strikes_early(frame)) {
            self.runs += 1;
            self.quantities.resize_with(Quantity::ALL.len(), Slots::default);
            let under_way = under_way(&run.bins);
            for (quantity, slots) in Quantity::ALL.iter().zip(&mut self.quantities) {
                slots.add(&values(*quantity, &frame, &run.bins, &under_way));
            }
        }
        self.watch_end(manifest, run);
    }

    /// Takes note of how the run ended after its last fault.
    fn watch_end(&mut self, manifest: &Manifest, run: &Run) {
        let Some(last) = run.measures.episodes.last() else { return };
        self.judged += u64::from(!matches!(last.recovery, Recovery::Undecided(_)));
        if !matches!(last.recovery, Recovery::Censored(_)) {
            return;
        }
        self.censored += 1;
        let whole = ((manifest.horizon / manifest.bin) as usize).min(run.bins.len());
        let since = (last.end.as_nanos().div_ceil(manifest.bin.as_nanos()) as usize).min(whole);
        let third = (whole - since) / 3;
        let sum = |range: &[Bin]| range.iter().fold((0.0, 0.0), |sum, bin| (sum.0 + bin.succeeded as f64, sum.1 + bin.started as f64));
        let (earlier, later) = (sum(&run.bins[whole - 2 * third..whole - third]), sum(&run.bins[whole - third..whole]));
        self.improving += u64::from(is_better(earlier, later));
    }

    /// What had not settled, what shows it best first; nothing if the load itself changes, or nothing can be said.
    pub fn beginning(&self, manifest: &Manifest, cell: u32) -> Option<Beginning> {
        let frame = Frame::of(manifest, cell)?;
        if self.runs == 0 {
            return None;
        }
        // Where load comes and goes by itself there is nothing to settle to. Under closed load it follows the system.
        if manifest.load == "open" && self.judge(Quantity::Started, &frame, manifest).is_some() {
            return None;
        }
        [Quantity::Share, Quantity::UnderWay, Quantity::Goodput].into_iter().find_map(|quantity| self.judge(quantity, &frame, manifest))
    }

    fn judge(&self, quantity: Quantity, frame: &Frame, manifest: &Manifest) -> Option<Beginning> {
        let slots = &self.quantities[quantity as usize];
        let means: Vec<f64> = slots.sums.iter().map(|sum| *sum as f64 / self.runs as f64).collect();
        let cut = mser::truncation(&means);
        let point = match cut {
            Some(0) => return None,
            Some(cut) => cut,
            None => frame.slots / 2,
        };
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        let (before, after) = (mean(&means[..point]), mean(&means[point..]));
        let wrong = (before - after).abs() * point as f64 / frame.slots as f64;
        if wrong <= quantity.tolerated() * after.abs().max(before.abs()) || !self.is_shown(slots, &means, point) {
            return None;
        }
        let settled = cut.map(|point| frame.start_of(point, manifest));
        Some(Beginning { quantity, settled, before: before / MILLION as f64, after: after / MILLION as f64 })
    }

    /// Whether what comes before a point differs from what comes after it by more than chance.
    fn is_shown(&self, slots: &Slots, means: &[f64], point: usize) -> bool {
        if self.runs < FEWEST_RUNS {
            return differs_by_slots(means, point);
        }
        let (sum, squares) = slots.apart[point - 1];
        let (n, sum, squares) = (self.runs as f64, sum as f64, squares as f64);
        let variance = ((squares - sum * sum / n) / (n - 1.0)).max(0.0);
        (sum / n).abs() > student::quantile(1.0 - 0.5 * CHANCE, self.runs - 1) * (variance / n).sqrt()
    }

    /// Runs that can be judged, those of them that had not come back at the horizon, and in how many of these more and more succeeded.
    pub const fn at_the_end(&self) -> (u64, u64, u64) {
        (self.judged, self.censored, self.improving)
    }
}

impl Slots {
    fn add(&mut self, values: &[i128]) {
        let middle = values.len() / 2;
        self.sums.resize(values.len(), 0);
        self.apart.resize(middle, (0, 0));
        for (sum, value) in self.sums.iter_mut().zip(values) {
            *sum += value;
        }
        let (all, mut before) = (values.iter().sum::<i128>(), 0);
        for (index, apart) in self.apart.iter_mut().enumerate() {
            before += values[index];
            let point = index as i128 + 1;
            let difference = before / point - (all - before) / (values.len() as i128 - point);
            *apart = (apart.0 + difference, apart.1 + difference * difference);
        }
    }
}

/// How many calls of clients are under way at the end of each bin.
fn under_way(bins: &[Bin]) -> Vec<u64> {
    let mut now = 0_u64;
    let after = |bin: &Bin| {
        now = (now + bin.started).saturating_sub(bin.completed + bin.failed);
        now
    };
    bins.iter().map(after).collect()
}

/// A quantity in each slot, in millionths.
fn values(quantity: Quantity, frame: &Frame, bins: &[Bin], under_way: &[u64]) -> Vec<i128> {
    let slot = |nth: usize| {
        let range = frame.first + nth * frame.width..frame.first + (nth + 1) * frame.width;
        let sum = |of: fn(&Bin) -> u64| bins[range.clone()].iter().map(|bin| i128::from(of(bin))).sum::<i128>();
        let width = frame.width as i128;
        match quantity {
            Quantity::UnderWay => under_way[range.clone()].iter().map(|count| i128::from(*count)).sum::<i128>() * MILLION / width,
            // Without a call nothing has failed.
            Quantity::Share => (sum(|bin| bin.succeeded) * MILLION).checked_div(sum(|bin| bin.started)).unwrap_or(MILLION),
            Quantity::Goodput => sum(|bin| bin.completed) * MILLION / width,
            Quantity::Started => sum(|bin| bin.started) * MILLION / width,
        }
    };
    (0..frame.slots).map(slot).collect()
}

/// Whether the slots before a point differ from those after it by more than their spread explains, if neighbours that are alike count less.
fn differs_by_slots(means: &[f64], point: usize) -> bool {
    let (head, tail) = means.split_at(point);
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let (before, after) = (mean(head), mean(tail));
    let off: Vec<f64> = tail.iter().map(|value| value - after).collect();
    let spread: f64 = off.iter().map(|off| off * off).sum();
    let shared: f64 = off.windows(2).map(|pair| pair[0] * pair[1]).sum();
    let count = tail.len() as f64;
    // Of so few values the estimate is low by about one over their number.
    let alike = if spread > 0.0 { (shared / spread + 1.0 / count).clamp(0.0, 0.9) } else { 0.0 };
    let variance = spread / (count - 1.0) * (1.0 + alike) / (1.0 - alike);
    let error = (variance * (1.0 / point as f64 + 1.0 / count)).sqrt();
    (before - after).abs() > student::quantile(1.0 - 0.5 * CHANCE, tail.len() as u64 - 1) * error
}

/// How much larger a share of successes is before it is called better: a run that stays down answers now more and now less.
const BETTER: f64 = 0.1;

/// Whether a share of successes is larger than an earlier one, by a tenth of all calls and by more than three standard deviations.
fn is_better(earlier: (f64, f64), later: (f64, f64)) -> bool {
    if earlier.1 <= 0.0 || later.1 <= 0.0 {
        return false;
    }
    let (before, after) = (earlier.0 / earlier.1, later.0 / later.1);
    let both = (earlier.0 + later.0) / (earlier.1 + later.1);
    let deviation = (both * (1.0 - both) * (1.0 / earlier.1 + 1.0 / later.1)).sqrt();
    after - before >= BETTER && after - before > 3.0 * deviation
}

#[cfg(test)]
mod tests;
