//! What do the runs show of a share, or of another quotient of sums over them?

use super::{Judged, Judgement, Limits, Shown};
use crate::numbers::Numbers;

/// A quotient of which every run has a part and a whole.
pub(crate) struct Quotient<'a> {
    /// Seed, part and whole of each run.
    pairs: Vec<(u64, f64, f64)>,
    /// What the whole consists of: `calls`.
    of: &'a str,
    /// What to say if there is nothing of it.
    nothing: &'a str,
    range: (Option<f64>, Option<f64>),
    say: fn(f64) -> String,
}

impl<'a> Quotient<'a> {
    /// A share, within 0 and 1.
    pub(crate) fn share(pairs: Vec<(u64, f64, f64)>, of: &'a str, nothing: &'a str) -> Self {
        Self { pairs, of, nothing, range: (Some(0.0), Some(1.0)), say: percent }
    }

    /// So many for each one, 0 or more.
    pub(crate) fn factor(pairs: Vec<(u64, f64, f64)>, of: &'a str, nothing: &'a str) -> Self {
        Self { pairs, of, nothing, range: (Some(0.0), None), say: |value| format!("{value:.3}") }
    }

    /// Says values in other words.
    #[must_use]
    pub(crate) fn said(self, say: fn(f64) -> String) -> Self {
        Self { say, ..self }
    }

    /// Judges the clause that is these words.
    pub(crate) fn judge(&self, clause: String, limits: Limits, numbers: Numbers) -> Judged {
        let pairs: Vec<(f64, f64)> = self.pairs.iter().map(|(_, part, whole)| (*part, *whole)).collect();
        let Some(shown) = Shown::ratio(&pairs, self.range) else {
            return (clause, Judgement::Undecided, self.nothing.to_owned(), None);
        };
        let say = |value: f64| numbers.of((self.say)(value));
        let (judgement, evidence) = shown.judge(limits, numbers, &say);
        let whole: f64 = pairs.iter().map(|pair| pair.1).sum();
        let of = if self.of.is_empty() { String::new() } else { format!(" of {} {}", numbers.of(whole), self.of) };
        (clause, judgement, format!("{}{of}; {evidence}", say(shown.value)), self.worst(shown.value, limits))
    }

    /// The seed of the run that speaks most against the limits: the least or the largest, whichever limit is nearer.
    fn worst(&self, value: f64, limits: Limits) -> Option<u64> {
        let from_most = match (limits.at_least, limits.at_most) {
            (Some(least), Some(most)) => most - value < value - least,
            (least, _) => least.is_none(),
        };
        let with_whole = self.pairs.iter().filter(|(.., whole)| *whole > 0.0);
        let quotients = with_whole.map(|(seed, part, whole)| (*seed, part / whole));
        // Of equal ones the first seed.
        let worse = |a: f64, b: f64| if from_most { a > b } else { a < b };
        quotients.reduce(|kept, next| if worse(next.1, kept.1) { next } else { kept }).map(|(seed, _)| seed)
    }
}

/// A share in percent, with three digits behind the point, and with as many more as it takes to tell it from all and from nothing.
pub(super) fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    let (mut decimals, mut size) = (3, percent.min(100.0 - percent) * 1_000.0);
    while size > 0.0 && size < 0.5 && decimals < 10 {
        size *= 10.0;
        decimals += 1;
    }
    format!("{percent:.decimals$}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nearly_all_or_nearly_nothing_is_not_said_to_be_it() {
        let said = [1.0, 0.999_999_2, 0.999_99, 0.5, 0.000_000_3, 0.0].map(percent);
        assert_eq!(said, ["100.000%", "99.9999%", "99.999%", "50.000%", "0.00003%", "0.000%"]);
    }

    #[test]
    fn the_worst_run_is_the_one_on_the_side_of_the_limit() {
        let quotient = || Quotient::share(vec![(1, 5.0, 10.0), (2, 9.0, 10.0), (3, 1.0, 10.0), (4, 0.0, 0.0)], "calls", "no call");
        let judged = |at_least, at_most| quotient().judge("clause".to_owned(), Limits { at_least, at_most }, Numbers::Written);
        assert_eq!((judged(Some(0.9), None).3, judged(None, Some(0.1)).3), (Some(3), Some(2)));
        assert_eq!((judged(Some(0.1), Some(0.6)).3, judged(Some(0.4), Some(0.9)).3), (Some(2), Some(3)));
        assert_eq!(judged(Some(0.9), None).1, Judgement::Undecided);
        assert!(judged(Some(0.9), None).2.starts_with("50.000% of 30 calls; ratio of sums over 3 runs"), "{}", judged(Some(0.9), None).2);
        let none = Quotient::share(vec![(4, 0.0, 0.0)], "calls", "no call").judge("clause".to_owned(), Limits::default(), Numbers::Written);
        assert_eq!((none.1, none.2.as_str(), none.3), (Judgement::Undecided, "no call", None));
    }
}
