//! What of a run, or of a comparison, fits into a few lines of text?
//!
//! Bars of eighths, one column for one or several time bins, with the faults marked below. As wide as it may be, and never wider unless
//! there is no room for twenty bars; a name that would leave none stands in a line of its own. Marks carry their colour as an escape sequence, which whoever prints them takes out where the
//! reader is no terminal.

use crate::number;
use crate::summary::faults;
use scenarios::measure::Bin;
use scenarios::results::{FaultWindow, Manifest, Results};
use sim_core::time::SimDuration;
use std::fmt::Write as _;

/// How wide a text is where nobody says how wide it may be: in files, and in a pipe.
pub const WIDTH: usize = 90;

/// Bars from nothing to all, and what stands where there is nothing to show.
const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const NOTHING: char = '·';
/// Marks a fault.
const MARK: char = '×';
const COLOURED: (&str, &str) = ("\u{1b}[33m", "\u{1b}[0m");
/// Bars at least and at most in a line, whatever the width.
const FEWEST: usize = 20;
const MOST: usize = 72;
/// A longer name stands in a line of its own.
const NAME: usize = 24;
/// Strikes named below a timeline.
const NAMED: usize = 20;

/// A line of bars with its name, and what stands behind it.
struct Line {
    name: String,
    /// One for each time bin: as a share of what the highest bar stands for.
    shares: Vec<Option<f64>>,
    behind: String,
}

/// One run: success and load over time, with the strikes of its faults below. `width` is how many letters a line may have.
pub fn timeline(manifest: &Manifest, bins: &[Bin], windows: &[FaultWindow], width: usize) -> String {
    let columns = Columns::of(bins.len(), "attempts".len(), manifest, width);
    let success = columns.share(bins, |bin| (bin.succeeded, bin.started));
    let rates = columns.rates(bins.iter().map(|bin| bin.attempts), manifest.bin);
    let peak = rates.iter().copied().fold(0.0, f64::max);
    let load = rates.iter().map(|rate| (*rate > 0.0).then_some(rate / peak)).collect();
    let lines = [
        Line { name: "success".to_owned(), shares: success, behind: number::length(manifest.horizon) },
        Line { name: "attempts".to_owned(), shares: load, behind: format!("at most {}/s", number::significant(peak)) },
    ];
    let legend =
        format!("share of the calls started at each moment that succeed, and attempts on the wire ({})", columns.each(manifest.bin));
    format!("{legend}\n{}{}", columns.drawn(&lines, windows, manifest), named(windows, |fault| number::length(fault.begin.since_start())))
}

/// The arms of one cell over time: availability of all runs together, with the planned faults below; nothing where all calls begin at once.
pub fn arms(results: &Results, cell: u32, width: usize) -> Option<String> {
    let manifest = &results.manifest;
    if manifest.load == "one-shot" {
        return None;
    }
    let series: Vec<_> = (0..manifest.arms.len()).map(|arm| results.series_of(cell, arm as u32)).collect::<Option<_>>()?;
    let bins = series.iter().map(|series| series.bins.len()).max().filter(|bins| *bins > 1)?;
    let longest = manifest.arms.iter().map(|name| name.chars().count()).filter(|length| *length <= NAME).max().unwrap_or(0);
    let columns = Columns::of(bins, longest, manifest, width);
    let line = |(name, series): (&String, &&scenarios::results::CellSeries)| Line {
        name: name.clone(),
        shares: columns.share(&series.bins, |bin| (bin.succeeded, bin.started)),
        behind: number::length(manifest.horizon),
    };
    let lines: Vec<Line> = manifest.arms.iter().zip(&series).map(line).collect();
    let windows = manifest.faults_of(cell);
    let runs = series.iter().map(|series| series.runs).max().unwrap_or(0);
    let of = if runs > 1 { format!(" over {runs} runs") } else { String::new() };
    let random = manifest.random_faults.iter().map(|label| format!("\n{MARK} {}", faults::random(results, label)));
    Some(format!(
        "share of the calls started at each moment that succeed{of} ({})\n{}{}{}",
        columns.each(manifest.bin),
        columns.drawn(&lines, windows, manifest),
        named(windows, |fault| number::length(fault.begin.since_start())),
        random.collect::<String>()
    ))
}

/// How many columns there are for how many time bins.
struct Columns {
    bins: usize,
    columns: usize,
    /// Letters of the longest name beside a line.
    names: usize,
}

impl Columns {
    fn of(bins: usize, names: usize, manifest: &Manifest, width: usize) -> Self {
        // Name, blank, two bars, blank, and the horizon or the highest rate behind.
        let beside = names + number::length(manifest.horizon).chars().count().max("at most 100,000/s".len()) + 4;
        let columns = width.saturating_sub(beside).clamp(FEWEST, MOST).min(bins.max(1));
        Self { bins, columns, names }
    }

    /// What a column stands for.
    fn each(&self, bin: SimDuration) -> String {
        let (low, high) = (self.bins / self.columns, self.bins.div_ceil(self.columns));
        let length = |bins: usize| number::length(bin.saturating_mul(bins as u64));
        let each = number::range(&length(low), &length(high));
        format!("a bar: {each}; a dot: none began")
    }

    fn range(&self, column: usize) -> std::ops::Range<usize> {
        column * self.bins / self.columns..(column + 1) * self.bins / self.columns
    }

    fn share<T>(&self, bins: &[T], of: impl Fn(&T) -> (u64, u64)) -> Vec<Option<f64>> {
        let sums =
            |column: usize| bins.get(self.range(column)).unwrap_or_default().iter().map(&of).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        (0..self.columns).map(sums).map(|(good, all)| (all > 0).then(|| good as f64 / all as f64)).collect()
    }

    fn rates(&self, counts: impl Iterator<Item = u64>, bin: SimDuration) -> Vec<f64> {
        let counts: Vec<u64> = counts.collect();
        let rate = |column: usize| {
            let range = self.range(column);
            let (length, sum) = (range.len() as f64 * bin.as_secs_f64(), counts.get(range).unwrap_or_default().iter().sum::<u64>());
            if length > 0.0 { sum as f64 / length } else { 0.0 }
        };
        (0..self.columns).map(rate).collect()
    }

    /// The lines one below the other, and the faults below them.
    fn drawn(&self, lines: &[Line], windows: &[FaultWindow], manifest: &Manifest) -> String {
        let mut text = String::new();
        for Line { name, shares, behind } in lines {
            let mut beside = name.as_str();
            if name.chars().count() > self.names {
                let _ = writeln!(text, "{name}");
                beside = "";
            }
            let bars: String =
                shares.iter().map(|share| share.map_or(NOTHING, |share| BARS[((share * 8.0 + 0.5) as usize).min(8)])).collect();
            let _ = writeln!(text, "{beside:<0$} |{bars}| {behind}", self.names);
        }
        let nanos = manifest.bin.as_nanos();
        let is_struck = |column: &usize| {
            let range = self.range(*column);
            windows.iter().any(|fault| fault.touches(nanos * range.start as u64, nanos * range.end as u64))
        };
        if !windows.is_empty() {
            let marks: String = (0..self.columns).map(|column| if is_struck(&column) { MARK } else { ' ' }).collect();
            let _ = writeln!(text, "{}  {}", " ".repeat(self.names), coloured(marks.trim_end()));
        }
        text.truncate(text.trim_end().len());
        text
    }
}

fn coloured(marks: &str) -> String {
    // Colour after the blanks before it, so that a text without colours ends where it ends.
    let begin = marks.len() - marks.trim_start().len();
    format!("{}{}{}{}", &marks[..begin], COLOURED.0, &marks[begin..], COLOURED.1)
}

fn named(windows: &[FaultWindow], when: impl Fn(&FaultWindow) -> String) -> String {
    let named: String =
        windows.iter().take(NAMED).map(|fault| format!("\n{} {} at {}", coloured("×"), fault.told(), when(fault))).collect();
    let more = windows.len().saturating_sub(NAMED);
    if more > 0 { format!("{named}\n{} and {more} more strikes", coloured("×")) } else { named }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scenarios::results::{BinTotals, CellSeries};
    use sim_core::time::SimTime;

    fn window(label: &str, begin: u64, end: u64) -> FaultWindow {
        let at = |secs: u64| SimTime::ZERO + SimDuration::from_secs(secs);
        FaultWindow { label: label.to_owned(), what: None, begin: at(begin), end: Some(at(end)) }
    }

    fn manifest() -> Manifest {
        let text = r#"(schema: 1, name: "x", horizon: "100s",
            nodes: { "a": Clients(count: 1, arrivals: Constant(rate: "5/s"), calls: "b"), "b": Service(workers: 1, demand: Constant("10ms")) })"#;
        let source = scenarios::text::Source::new("x.ron", text);
        let scenario = scenarios::read(source, "x.ron", &[], scenarios::Extent::Grid).expect("it is sound");
        scenarios::sweep::manifest(&scenario)
    }

    /// A hundred seconds: all is well, half fails from 40 s on, and nothing is called in the last ten.
    fn bins() -> Vec<Bin> {
        let bin = |second: u64| match second {
            0..40 => Bin { started: 10, succeeded: 10, attempts: 10, ..Bin::default() },
            40..90 => Bin { started: 10, succeeded: 5, attempts: 40, ..Bin::default() },
            _ => Bin::default(),
        };
        (0..100).map(bin).collect()
    }

    fn plain(text: &str) -> String {
        text.replace(COLOURED.0, "").replace(COLOURED.1, "")
    }

    #[test]
    fn a_run_is_told_in_bars_with_its_strikes_below() {
        let text = plain(&timeline(&manifest(), &bins(), &[window("crash of b", 40, 50)], 54));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], format!("success  |{}{}{}| 100 s", "█".repeat(10), "▄".repeat(13), "··"));
        assert_eq!(lines[2], format!("attempts |{}{}▄··| at most 40/s", "▂".repeat(10), "█".repeat(12)));
        assert_eq!(lines[3], format!("{}{}", " ".repeat(20), "×××"));
        assert_eq!(lines[4], "× crash of b at 40 s");
    }

    #[test]
    fn arms_stand_below_each_other_and_a_long_name_in_a_line_of_its_own() {
        let mut results = Results::nothing_yet(manifest());
        results.manifest.arms = vec!["short".to_owned(), "an arm with a name that leaves no room".to_owned()];
        results.manifest.faults = vec![vec![window("crash of b", 40, 50)]];
        for arm in 0..2 {
            let total = |bin: &Bin| BinTotals { started: 2 * bin.started, succeeded: 2 * bin.succeeded, ..BinTotals::default() };
            results.series.push(CellSeries { arm, runs: 2, bins: bins().iter().map(total).collect(), ..CellSeries::default() });
        }
        let text = plain(&arms(&results, 0, 46).expect("there are two arms"));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].contains("over 2 runs") && lines[1].starts_with("short |████████▄"), "{text}");
        assert_eq!((lines[2], lines[3].trim_start().chars().next()), ("an arm with a name that leaves no room", Some('|')), "{text}");
        assert_eq!(lines.last(), Some(&"× crash of b at 40 s"));
        results.manifest.load = "one-shot".to_owned();
        assert_eq!(arms(&results, 0, 46), None);
    }

    #[test]
    fn no_line_is_wider_than_it_may_be() {
        for width in [40, 60, 90, 200] {
            let text = plain(&timeline(&manifest(), &bins(), &[window("crash of b", 40, 50)], width));
            assert!(text.lines().skip(1).all(|line| line.chars().count() <= width.max(53)), "{width}\n{text}");
        }
    }
}
