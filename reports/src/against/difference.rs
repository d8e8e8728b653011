//! By how much do the values of two groups of runs differ, and how likely is that by luck?

use super::measures::is_beyond;
use sim_core::stats::pooled;
use sim_core::stats::quantile::Quantile;
use sim_core::stats::{paired::Paired, rank_sum, wilcoxon};
use std::cmp::Ordering;

/// A difference, the new less the old, in parts of the measure's unit.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Difference {
    /// Of the old values and of the new.
    pub before: i128,
    pub after: i128,
    /// Whether [`before`](Self::before), [`after`](Self::after) and the size are means; medians otherwise.
    pub is_mean: bool,
    /// How much more it is, and between which bounds that lies with 95 % confidence.
    pub size: i128,
    pub interval: Option<(i128, i128)>,
    /// To which side the values lean.
    pub leaning: Ordering,
    /// Seeds with more and with less, where they are paired, and how many are compared.
    pub more: u64,
    pub less: u64,
    pub runs: u64,
    /// The seed of the largest difference to either side.
    pub seeds: (u64, u64),
    /// The chance that luck alone shows this, before correction.
    pub chance: f64,
}

impl Difference {
    /// Seed by seed.
    pub(super) fn paired(before: &[(u64, i128)], after: &[(u64, i128)]) -> Option<Self> {
        let find = |seed: u64| before.binary_search_by_key(&seed, |(seed, _)| *seed).ok().map(|place| before[place].1);
        let both: Vec<(u64, i128, i128)> = after.iter().filter_map(|(seed, now)| Some((*seed, find(*seed)?, *now))).collect();
        let differences: Vec<i128> = both.iter().map(|(_, then, now)| now - then).collect();
        let paired = Paired::of(differences.clone())?;
        let by_size = |pair: &&(u64, i128, i128)| pair.2 - pair.1;
        let seeds = (both.iter().max_by_key(by_size)?.0, both.iter().min_by_key(by_size)?.0);
        let olds: Vec<i128> = both.iter().map(|pair| pair.1).collect();
        let news: Vec<i128> = both.iter().map(|pair| pair.2).collect();
        let of_medians = Self {
            before: median(&olds),
            after: median(&news),
            is_mean: false,
            size: paired.median,
            interval: paired.interval,
            leaning: wilcoxon::leaning(&differences),
            more: paired.wins,
            less: paired.losses,
            runs: paired.seeds(),
            seeds,
            chance: wilcoxon::two_sided(&differences),
        };
        // Where most seeds do not differ the median says nothing of those that do.
        Some(if paired.median == 0 { of_medians.by_means(&olds, &news, &differences) } else { of_medians })
    }

    /// As two groups.
    pub(super) fn unpaired(before: &[(u64, i128)], after: &[(u64, i128)]) -> Option<Self> {
        let numbers = |of: &[(u64, i128)]| of.iter().map(|(_, value)| *value).collect::<Vec<_>>();
        let (olds, news) = (numbers(before), numbers(after));
        let (size, interval) = rank_sum::shift(&news, &olds)?;
        let (most, least) = (after.iter().max_by_key(|(_, value)| *value)?.0, after.iter().min_by_key(|(_, value)| *value)?.0);
        let above = |one: &[i128], other: &[i128]| one.iter().map(|a| other.iter().filter(|b| a > *b).count()).sum::<usize>();
        Some(Self {
            before: median(&olds),
            after: median(&news),
            is_mean: false,
            size,
            interval,
            leaning: above(&news, &olds).cmp(&above(&olds, &news)),
            more: 0,
            less: 0,
            runs: (olds.len() + news.len()) as u64,
            seeds: (most, least),
            chance: rank_sum::two_sided(&news, &olds),
        })
    }

    fn by_means(self, olds: &[i128], news: &[i128], differences: &[i128]) -> Self {
        if olds.iter().chain(news).any(|value| is_beyond(*value)) {
            return self;
        }
        let floats = |values: &[i128]| values.iter().map(|value| *value as f64).collect::<Vec<f64>>();
        let mean = |values: &[i128]| (floats(values).iter().sum::<f64>() / values.len().max(1) as f64).round() as i128;
        let Some(pooled) = pooled::mean(&floats(differences)) else { return self };
        let interval = Some((pooled.interval.0.round() as i128, pooled.interval.1.round() as i128));
        Self { before: mean(olds), after: mean(news), is_mean: true, size: pooled.value.round() as i128, interval, ..self }
    }
}

fn median(values: &[i128]) -> i128 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    Quantile::MEDIAN.of(&sorted).unwrap_or_default()
}
