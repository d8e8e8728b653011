//! How does a ranking look: to a reader, and in files?
//!
//! A reader gets a table that fits a page: an interval in one cell, nothing that is the same everywhere. Files get every
//! number by itself. Columns that say nothing for these runs are absent from both.

use super::arm::{ArmSummary, Kind};
use super::ranking::{Ranking, by_share};
use crate::number;
use crate::table::{Cell, Column, Table};
use sim_core::stats::interval;
use sim_core::stats::paired::Paired;
use sim_core::stats::quantile::Quantile;
use sim_core::stats::survival::Reached;
use sim_core::time::SimDuration;

/// One measure of one arm: its column and cell for readers, if they get it, and those of files.
struct Field {
    shown: Option<(Column, Cell)>,
    files: Vec<(Column, Cell)>,
    /// Whether it decides between arms: readers of a page get the others on demand.
    decides: bool,
}

/// Which columns and cells of a field a form of the table holds.
type Part = fn(&Field) -> &[(Column, Cell)];

impl Field {
    /// The same number for both, under a head that may be broken for readers.
    fn number(head: &str, unit: &'static str, cell: Cell) -> Self {
        let column = Column::number(head, unit);
        let in_files = Column::number(head.replace('\n', " "), unit);
        Self { shown: Some((column, cell.clone())), files: vec![(in_files, cell)], decides: false }
    }

    /// The same as one that decides.
    fn deciding(self) -> Self {
        Self { decides: true, ..self }
    }

    /// The same, for files alone if readers are told elsewhere.
    fn unless(self, is_said: bool) -> Self {
        Self { shown: self.shown.filter(|_| !is_said), ..self }
    }
}

impl Ranking {
    /// The ranking as a table, best arm first.
    pub fn table(&self) -> Table {
        let in_files = self.form(|field| &field.files);
        Table { files: Some(Box::new(in_files)), ..self.form(|field| field.shown.as_slice()) }
    }

    /// The same with the columns alone that decide between arms: how far each is from the baseline, what it does not come back from, at which cost.
    pub fn deciding(&self) -> Table {
        self.form(|field| if field.decides { field.shown.as_slice() } else { &[] })
    }

    fn form(&self, of: Part) -> Table {
        let rows: Vec<Vec<Field>> = (0..self.arms.len()).map(|place| self.fields(place)).collect();
        let columns = rows.iter().take(1).flatten().flat_map(of).map(|(column, _)| column.clone());
        let mut table = Table::new(self.title(), columns.collect());
        rows.iter().for_each(|row| table.push(row.iter().flat_map(of).map(|(_, cell)| cell.clone()).collect()));
        table.without_empty_columns()
    }

    /// The arms that are not ranked because their hypothesis failed; nothing if there is none.
    pub fn table_of_set_apart(&self) -> Option<Table> {
        let heads = [
            Column::text("arm"),
            Column::number("runs", ""),
            Column::number("hypothesis failed\nbefore the faults", "runs"),
            Column::number("hypothesis failed\nat the end", "runs"),
            Column::number("aborted", "runs"),
        ];
        let mut table = Table::new("Set apart and not ranked: the hypothesis failed", heads.to_vec());
        for arm in &self.set_apart {
            let [before, after] = arm.hypothesis_failed.map(|failed| Cell::OutOf(failed, arm.runs));
            table.push(vec![Cell::text(&arm.name), Cell::Count(arm.runs), before, after, Cell::OutOf(arm.aborted, arm.runs)]);
        }
        (!self.set_apart.is_empty()).then_some(table)
    }

    fn title(&self) -> String {
        let each = match self.runs_each() {
            None | Some(0) => String::new(),
            Some(1) => ", one run each".to_owned(),
            Some(runs) => format!(", {} runs each", number::count(runs)),
        };
        let place = if self.label.is_empty() { String::new() } else { format!(", {}", self.label) };
        let differ = if self.instants_differ { ", instants differ" } else { "" };
        format!("Arms, best first{each}{place}{differ}")
    }

    /// Runs that violate a property, where any does: the reason why an arm ranks behind others, whatever the columns after it say.
    fn violated(&self, arm: &ArmSummary) -> Field {
        let asked = arm.violated_by_seed.len() as u64;
        let is_none = asked == 0 || self.arms.iter().all(ArmSummary::is_sound);
        Field::number("property\nviolated", "runs", if is_none { Cell::Missing } else { Cell::OutOf(arm.violated(), asked) }).deciding()
    }

    /// How many runs every arm has, if all have as many.
    fn runs_each(&self) -> Option<u64> {
        let runs = self.arms.first()?.runs;
        self.arms.iter().all(|arm| arm.runs == runs).then_some(runs)
    }

    fn fields(&self, place: usize) -> Vec<Field> {
        let (arm, (availability, attempts)) = (&self.arms[place], &self.paired[place]);
        // Where nothing fails the differences of availability say nothing, attempts do.
        let by_attempts =
            self.kind == Kind::OneShot && self.paired.iter().flat_map(|(paired, _)| paired).all(|paired| paired.ties == paired.seeds());
        let name = (Column::text("arm"), Cell::text(&arm.name));
        let mut fields = vec![
            Field::number("rank", "", Cell::Count(self.ranks[place])).deciding(),
            Field { shown: Some(name.clone()), files: vec![name], decides: true },
            self.violated(arm),
            Field::number("runs", "", Cell::Count(arm.runs)).unless(self.runs_each().is_some_and(|runs| runs > 0)).deciding(),
            Field::number("availability", "0..1", Cell::Ratio(arm.succeeded, arm.calls)).deciding(),
        ];
        if self.arms.iter().any(|arm| arm.goodput().is_some()) {
            fields.push(Field::number("goodput", "1/s", Cell::or_missing(arm.goodput(), Cell::Rate)).deciding());
        }
        if let Some(objective) = self.arms.iter().find_map(|arm| arm.objective) {
            let met = arm.objective.map(|objective| Cell::OutOf(objective.met, objective.runs));
            fields.push(Field::number(&format!("{} met\nin", objective.shown()), "runs", Cell::or_missing(met, |met| met)).deciding());
            let parts = |(used, all): (u128, u128)| (used * 1_000_000).checked_div(all).and_then(|parts| u64::try_from(parts).ok());
            let used = arm.objective.and_then(|objective| parts(objective.used));
            fields.push(Field::number("error budget\nused", "", Cell::or_missing(used, |used| Cell::Factor(used, 1_000_000))));
        }
        // A share of successes that is none in every arm says nothing.
        for (head, of) in [("degraded", (|arm| arm.degraded) as fn(&ArmSummary) -> u64), ("wrong", |arm| arm.wrong)] {
            let is_none = self.arms.iter().all(|arm| of(arm) == 0);
            let share = if is_none { Cell::Missing } else { Cell::Ratio(of(arm), arm.succeeded) };
            fields.push(Field::number(head, "0..1", share));
        }
        for (edge, succeeded, calls) in &arm.synthetic {
            fields.push(Field::number(&format!("synthetic\n{}", broken(edge)), "0..1", Cell::Ratio(*succeeded, *calls)));
        }
        fields.extend(differences(&self.baseline, availability.as_ref().filter(|_| !by_attempts)));
        let fewer = Cell::or_missing(attempts.as_ref().filter(|_| by_attempts), |paired| Cell::OutOf(paired.losses, paired.seeds()));
        fields.push(Field::number(&format!("fewer attempts\nthan \"{}\" in", self.baseline), "seeds", fewer).deciding());
        fields.extend(fates(self.kind, arm));
        fields.extend(self.amplification(arm));
        fields.extend([
            Field::number("latency\nmean,\nmedian run", "s", Cell::or_missing(arm.latency_mean, Cell::Length)),
            Field::number("latency\np50,\nmedian run", "s", Cell::or_missing(arm.latency[0], Cell::Length)),
            Field::number("latency\np99,\nmedian run", "s", Cell::or_missing(arm.latency[1], Cell::Length)),
            Field::number("worst\nseed", "", Cell::or_missing(arm.worst_seed, |seed| Cell::text(seed.to_string()))).deciding(),
        ]);
        fields
    }
}

impl Ranking {
    /// Attempts per call: in files on every edge, for readers on the one on which calls are tried most often; and end to end.
    fn amplification(&self, arm: &ArmSummary) -> Vec<Field> {
        let most = |edge: &usize| self.arms.iter().filter_map(|arm| arm.edges.get(*edge).copied()).max_by(|a, b| by_share(*a, *b));
        // Of edges with equally many, the first.
        let shown = (0..self.edges.len()).rev().max_by(|a, b| by_share(most(a).unwrap_or_default(), most(b).unwrap_or_default()));
        let field = |(edge, (name, &(attempts, calls))): (usize, (&String, &(u64, u64)))| {
            let is_shown = shown == Some(edge);
            let mut field =
                Field::number(&format!("attempts/call, {name}"), "", Cell::Factor(attempts, calls)).unless(!is_shown).deciding();
            if let Some((column, _)) = field.shown.as_mut() {
                let head = if self.edges.len() == 1 { "attempts\nper call".to_owned() } else { format!("attempts/call\n{}", broken(name)) };
                column.name = head;
            }
            field
        };
        let mut fields: Vec<Field> = self.edges.iter().zip(&arm.edges).enumerate().map(field).collect();
        // Calls under way at the horizon make a last digit that nobody reads.
        let cell = |(attempts, calls): (u64, u64)| Cell::Factor(attempts, calls).shown();
        let is_same =
            |arm: &ArmSummary| cell(shown.and_then(|edge| arm.edges.get(edge).copied()).unwrap_or_default()) == cell(arm.end_to_end);
        let said = self.arms.iter().all(is_same);
        let mut whole =
            Field::number("attempts/call, end to end", "", Cell::Factor(arm.end_to_end.0, arm.end_to_end.1)).unless(said).deciding();
        if let Some((column, _)) = whole.shown.as_mut() {
            "attempts/call\nend to end".clone_into(&mut column.name);
        }
        fields.push(whole);
        fields
    }
}

/// The name of an edge as a narrow head: caller and callee in a line each.
fn broken(edge: &str) -> String {
    edge.replacen(" -> ", " ->\n", 1)
}

/// How much better or worse than the baseline, seed by seed.
fn differences(baseline: &str, paired: Option<&Paired>) -> [Field; 3] {
    let points = |billionths: i128| Cell::Points(billionths as i64);
    let (low, high) = paired.and_then(|paired| paired.interval).unzip();
    let ends = [low, high].map(|end| Cell::or_missing(end, points));
    [
        Field::number(&format!("against\n\"{baseline}\",\nmedian"), "pp", Cell::or_missing(paired, |paired| points(paired.median)))
            .deciding(),
        interval("95 % interval", "95 %", "pp", ends).deciding(),
        Field::number("better\nin", "seeds", Cell::or_missing(paired, |paired| Cell::OutOf(paired.wins, paired.seeds()))),
    ]
}

/// An interval in one cell for readers, in two columns in files.
fn interval(head: &str, in_files: &str, unit: &'static str, [low, high]: [Cell; 2]) -> Field {
    let from = (Column::number(format!("{in_files} from"), unit), low.clone());
    let to = (Column::number(format!("{in_files} to"), unit), high.clone());
    let shown = if low == Cell::Missing { Cell::Missing } else { interval_cell(low, high) };
    Field { shown: Some((Column::number(head, unit), shown)), files: vec![from, to], decides: false }
}

/// From one value to another as one cell.
pub(super) fn interval_cell(low: Cell, high: Cell) -> Cell {
    Cell::Between(Box::new((low, high)))
}

fn fates(kind: Kind, arm: &ArmSummary) -> Vec<Field> {
    let reached = |reached: Option<Reached>| Cell::or_missing(reached, reached_cell);
    match kind {
        Kind::Faults => vec![
            lost(arm).deciding(),
            Field::number("recovery\np50", "s", reached(arm.recovery_quantile(Quantile::MEDIAN))).deciding(),
            Field::number("recovery\np99", "s", reached(arm.recovery_quantile(Quantile::P99))),
        ],
        Kind::OneShot => vec![
            Field::number("attempts\np50", "", Cell::or_missing(Quantile::MEDIAN.of(&arm.attempts), Cell::Count)).deciding(),
            Field::number("done\np50", "s", reached(arm.completion_quantile(Quantile::MEDIAN))).deciding(),
            Field::number("done\np99", "s", reached(arm.completion_quantile(Quantile::P99))),
        ],
        Kind::Steady => Vec::new(),
    }
}

/// Runs that did not recover, with the 95 % interval of their share: in files beside it, for readers on demand.
fn lost(arm: &ArmSummary) -> Field {
    let mut field = Field::number("not\nrecovered", "runs", Cell::Missing);
    let mut ends = [Cell::Missing, Cell::Missing];
    if let Some((low, high)) = interval::share(arm.not_recovered, arm.judged()) {
        let cell = Cell::OutOf(arm.not_recovered, arm.judged());
        ends = [low, high].map(Cell::share);
        let note = number::between(&ends[0].shown(), &ends[1].shown());
        field = Field::number("not\nrecovered", "runs", cell.clone());
        field.shown = field.shown.map(|(column, _)| (column, Cell::Noted(Box::new(cell), format!("95 % interval of the share: {note}"))));
    }
    field.files.extend(interval("", "not recovered 95 %", "0..1", ends).files);
    field
}

/// A quantile of censored times as a cell.
pub(crate) fn reached_cell(reached: Reached) -> Cell {
    match reached {
        Reached::At(nanos) => Cell::Length(SimDuration::from_nanos(nanos)),
        Reached::NotBy(nanos) => Cell::Censored(SimDuration::from_nanos(nanos)),
    }
}
