//! What do the runs show of a share, or of another quotient of sums over them?

use super::{Judged, Judgement, Limits, Shown};

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
    pub(crate) fn judge(&self, clause: String, limits: Limits) -> Judged {
        let pairs: Vec<(f64, f64)> = self.pairs.iter().map(|(_, part, whole)| (*part, *whole)).collect();
        let Some(shown) = Shown::ratio(&pairs, self.range) else {
            return (clause, Judgement::Undecided, self.nothing.to_owned(), None);
        };
        let (judgement, evidence) = shown.judge(limits, &self.say);
        let of =
            if self.of.is_empty() { String::new() } else { format!(" of {} {}", pairs.iter().map(|pair| pair.1).sum::<f64>(), self.of) };
        (clause, judgement, format!("{}{of}; {evidence}", (self.say)(shown.value)), self.worst(shown.value, limits))
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

/// A share in percent, with three digits behind the point.
pub(super) fn percent(share: f64) -> String {
    format!("{:.3}%", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_run_is_the_one_on_the_side_of_the_limit() {
        let quotient = || Quotient::share(vec![(1, 5.0, 10.0), (2, 9.0, 10.0), (3, 1.0, 10.0), (4, 0.0, 0.0)], "calls", "no call");
        let judged = |at_least, at_most| quotient().judge("clause".to_owned(), Limits { at_least, at_most });
        assert_eq!((judged(Some(0.9), None).3, judged(None, Some(0.1)).3), (Some(3), Some(2)));
        assert_eq!((judged(Some(0.1), Some(0.6)).3, judged(Some(0.4), Some(0.9)).3), (Some(2), Some(3)));
        assert_eq!(judged(Some(0.9), None).1, Judgement::Undecided);
        assert!(judged(Some(0.9), None).2.starts_with("50.000% of 30 calls; ratio of sums over 3 runs"), "{}", judged(Some(0.9), None).2);
        let none = Quotient::share(vec![(4, 0.0, 0.0)], "calls", "no call").judge("clause".to_owned(), Limits::default());
        assert_eq!((none.1, none.2.as_str(), none.3), (Judgement::Undecided, "no call", None));
    }
}
