//! How does the state of strategies go on over time? One series for each number that a layer shows.
//!
//! At the end of every time bin each layer is asked what its shared memories show: whether a breaker is open, how many retries a
//! budget has left. The value of a bin is the mean over all scopes that have a memory, in millionths, so that runs add up in
//! any order.

use serde::{Deserialize, Serialize};

/// One number of one layer over the time bins of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gauge {
    /// The edge, by its index.
    pub edge: u32,
    /// The layer of its stack; the outermost is 0.
    pub layer: u32,
    /// What it shows: `breakers open`.
    pub name: String,
    /// For each bin, at its end: the mean over the scopes in millionths, if there was any.
    pub values: Vec<Option<i64>>,
}

/// All of a run so far.
#[derive(Clone, Debug, Default)]
pub struct Gauges(Vec<Gauge>);

/// Parts of one.
pub const MILLIONTHS: f64 = 1e6;

impl Gauges {
    /// A number of a layer at the end of a bin: the sum over so many scopes.
    pub fn show(&mut self, (edge, layer): (u32, u32), name: &str, bin: usize, (sum, scopes): (f64, u32)) {
        if scopes == 0 {
            return;
        }
        let is_it = |gauge: &Gauge| (gauge.edge, gauge.layer, gauge.name.as_str()) == (edge, layer, name);
        let place = self.0.iter().position(is_it).unwrap_or_else(|| {
            self.0.push(Gauge { edge, layer, name: name.to_owned(), values: Vec::new() });
            self.0.len() - 1
        });
        let values = &mut self.0[place].values;
        values.resize(bin, None);
        // What a layer shows is not negative, so that half a millionth more and a cut is the nearest.
        values.push(Some((sum / f64::from(scopes) * MILLIONTHS + 0.5) as i64));
    }

    /// The series, by edge and layer.
    pub fn list(mut self, bins: usize) -> Vec<Gauge> {
        self.0.iter_mut().for_each(|gauge| gauge.values.resize(bins, None));
        self.0.sort_by_key(|gauge| (gauge.edge, gauge.layer));
        self.0
    }
}
