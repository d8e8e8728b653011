//! Which cells does `sweep.vary` span, and is every one of them sound?

use super::change::{changed, places_of};
use super::{Reader, SweepSpec};
use crate::problem::{Problem, Problems};
use crate::scenario::{ArmPlan, Cell};
use crate::text::path::{Path, Step, locate_in};
use crate::text::tree::Element;

/// At most so many cells in a grid.
const MOST_CELLS: usize = 10_000;

impl<'a> Reader<'a> {
    /// The cells of the grid, in order; `base` is the only one if nothing is varied.
    pub(super) fn cells(&self, base: Vec<ArmPlan>, sweep: &SweepSpec<'a>, problems: &mut Problems) -> Option<Vec<Cell>> {
        let count = sweep.vary.iter().try_fold(1_usize, |count, (_, _, values)| count.checked_mul(values.len()));
        let Some(count) = count.filter(|&count| count <= MOST_CELLS) else {
            let sizes: Vec<String> = sweep.vary.iter().map(|(_, _, values)| values.len().to_string()).collect();
            let problem = Problem::new(format!("the grid has {} cells; the most are {MOST_CELLS}", sizes.join(" x ")));
            let vary = Path::parse("sweep.vary").and_then(|path| locate_in(self.root, &path)).unwrap_or(self.root);
            problems.push(problem.at(vary.head()).hint("vary fewer paths, or over fewer values"));
            return None;
        };
        if sweep.vary.is_empty() {
            return Some(vec![Cell { values: Vec::new(), arms: base }]);
        }
        self.refuse_fixed_paths(sweep, problems);
        // Each value alone first: what is wrong with one is said once, and not for every cell it is part of.
        let mut alone = Vec::new();
        for (axis, (path, _, values)) in sweep.vary.iter().enumerate() {
            let is_written =
                Path::parse(path).is_ok_and(|path| places_of(self.root, &path).iter().any(|place| locate_in(self.root, place).is_ok()));
            for &value in values {
                alone.push(self.cell(&[(axis, value)], sweep, problems));
                // A field that is nowhere written may be misspelt: that is said once.
                if !problems.is_empty() && !is_written {
                    break;
                }
            }
        }
        if !problems.is_empty() {
            return None;
        }
        if let [_] = sweep.vary.as_slice() {
            return alone.into_iter().collect();
        }
        // The first cell that goes wrong ends it: the next ones would say much the same.
        (0..count).map(|index| self.cell(&combination(index, sweep), sweep, problems).filter(|_| problems.is_empty())).collect()
    }

    /// Paths that cannot differ from cell to cell.
    fn refuse_fixed_paths(&self, sweep: &SweepSpec<'a>, problems: &mut Problems) {
        for (path, key_span, _) in &sweep.vary {
            if let Some(problem) = refuse_fixed(path) {
                problems.push(problem.at(*key_span));
            }
        }
    }

    /// The cell in which these axes have these values.
    fn cell(&self, chosen: &[(usize, Element<'a>)], sweep: &SweepSpec<'a>, problems: &mut Problems) -> Option<Cell> {
        let mut source = self.source.clone();
        let mut values = Vec::new();
        for &(axis, value) in chosen {
            let (path, key_span, _) = &sweep.vary[axis];
            let text = Path::parse(path).and_then(|path| {
                let text = changed(&source, &path, value.text())?;
                // As a user would type it after `--set`: without quotes, if that means the same.
                let bare = value.text().trim_matches('"');
                let is_same = changed(&source, &path, bare).is_ok_and(|other| other == text);
                values.push(if is_same { bare } else { value.text() }.to_owned());
                Ok(text)
            });
            match text {
                Ok(text) => source.text = text,
                Err(problem) => {
                    let message = format!("cannot vary `{path}`: {}", problem.message);
                    problems.push(Problem { place: Some(*key_span), path: String::new(), message, second: None, ..problem });
                    return None;
                }
            }
        }
        let mut inner = Problems::new();
        let arms = Reader::new(&source, self.data, self.vocabulary, &mut inner).map(|reader| {
            let clockwork = reader.clockwork(&mut inner);
            let arms = reader.arms(&mut inner);
            reader.systems(&arms, clockwork, &mut inner)
        });
        for problem in inner.sorted() {
            // Its place is one in the changed text; what the reader can mend is the value that was put there.
            let place = chosen.last().map(|(_, value)| value.span());
            let with: Vec<String> = chosen.iter().map(|&(axis, value)| format!("{} = {}", sweep.vary[axis].0, value.text())).collect();
            let message = format!("with {}: {}", with.join(", "), problem.message);
            problems.push(Problem { place, path: String::new(), message, second: None, ..problem.clone() });
        }
        Some(Cell { values, arms: arms?.into_iter().map(|(_, arm)| arm).collect() })
    }
}

/// Why a path cannot be varied, if it cannot.
pub(super) fn refuse_fixed(path: &str) -> Option<Problem> {
    const FIXED: [&str; 10] = ["schema", "name", "horizon", "warm_up", "bin", "hold", "level", "expect", "sweep", "arms"];
    let parsed = Path::parse(path).ok()?;
    let is_fixed = match parsed.steps() {
        [Step::Name(first)] => FIXED.contains(&first.as_str()),
        [Step::Name(first), ..] => ["expect", "sweep"].contains(&first.as_str()),
        _ => false,
    };
    let problem = || Problem::new(format!("`{path}` cannot be varied: it is the same for all cells, so that they can be compared"));
    is_fixed.then(|| problem().hint("vary something of nodes, groups, links, faults or stacks"))
}

/// The values of the cell with this index: the last path varies fastest.
fn combination<'a>(index: usize, sweep: &SweepSpec<'a>) -> Vec<(usize, Element<'a>)> {
    let mut rest = index;
    let mut chosen: Vec<(usize, Element<'a>)> = Vec::new();
    for (axis, (_, _, values)) in sweep.vary.iter().enumerate().rev() {
        chosen.push((axis, values[rest % values.len()]));
        rest /= values.len();
    }
    chosen.reverse();
    chosen
}
