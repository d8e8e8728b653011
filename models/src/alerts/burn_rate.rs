//! How fast is the error budget used up, over a long time and just now?

use super::{Alert, AlertPlan};
use crate::about::{About, Explained, parameter};
use crate::plan::Clockwork;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// Fires while failures come more than `factor` times as often as the objective allows, over a long window and over a short one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BurnRate {
    /// The share of calls that should succeed; that of the scenario unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<Share>,
    /// The long window: so much has to have gone wrong that it matters. A whole number of bins.
    pub long: SimDuration,
    /// The short window: it has to go wrong still. A whole number of bins; none unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short: Option<SimDuration>,
    /// How many times as fast as the objective allows the budget is used up, above 0.
    pub factor: f64,
}

impl Registered for BurnRate {
    const NAME: &'static str = "BurnRate";
    const SUMMARY: &'static str = "fires while the error budget is used up so many times too fast, over a long and a short window";
}

impl Explained for BurnRate {
    const ABOUT: About = About {
        meaning: "An objective of 99.9% leaves an error budget of 0.1% of the calls. An alert on how fast it is used up fires soon when much goes \
                  wrong and late when little does. The long window keeps a few failures from waking anybody; the short one has the alert over \
                  soon after the trouble is, and keeps what is long over from firing it again. Several alerts with different windows \
                  and factors make one policy: a short window with a high factor pages, a long one with a low factor opens a ticket.",
        formula: "At the end of each whole time bin after the warm-up: with f failures among the n calls of users that have ended within a window, \
                  the burn rate is (f / n) / (1 - objective), and 0 without a call. The alert fires while it is > factor in the long window \
                  and in the short one. Calls count in the bin in which they end. Of the time before the end of the warm-up as many calls \
                  are assumed as have come since, and no failures, so that a window that is not full yet fires no sooner. No draws.",
        parameters: &[
            parameter("objective", "share below 100%", "that of the scenario", "the share of calls that should succeed"),
            parameter("long", "duration, whole bins", "required", "the window in which so much has to have gone wrong that it matters"),
            parameter("short", "duration, whole bins, below long", "none", "the window in which it has to go wrong still"),
            parameter("factor", "number above 0", "required", "how many times as fast as the objective allows"),
        ],
        memory: "Two numbers per window, and the begins and ends of its alarms.",
        source: "B. Beyer et al., \"The Site Reliability Workbook\", chapter 5 (Alerting on SLOs), multiwindow, multi-burn-rate alerts: 14.4 over 1h and 5m, \
                 6 over 6h and 30m, 1 over 3d and 6h",
        example: "BurnRate(objective: \"99.9%\", long: \"1h\", short: \"5m\", factor: 14.4)",
    };
}

impl BurnRate {
    fn above(&self, objective: Option<Share>) -> f64 {
        let allowed = self.objective.or(objective).map_or(0.0, |objective| objective.complement().as_f64());
        self.factor * allowed
    }
}

impl Alert for BurnRate {
    fn check(&self, objective: Option<Share>, times: &Clockwork) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let mut refuse = |wrong: bool, field: &str, sentence: String| {
            if wrong {
                complaints.push(complaint(field, sentence));
            }
        };
        let chosen = self.objective.or(objective);
        refuse(chosen.is_none(), "", "what should the calls do? Write `objective: \"99.9%\"` here, or beside `alerts`".to_owned());
        refuse(
            self.objective == Some(Share::ALL),
            "objective",
            "100% leaves no failure to spend, so that no rate of spending is right; write a share below it".to_owned(),
        );
        let whole = |length: SimDuration| !length.is_zero() && (times.bin.is_zero() || (length % times.bin).is_zero());
        let sentence = || format!("it must be a whole number of bins ({}): alerts are looked at when one is over", times.bin);
        refuse(!whole(self.long), "long", sentence());
        if let Some(short) = self.short {
            refuse(!whole(short), "short", sentence());
            refuse(short >= self.long, "short", format!("the short window ({short}) is shorter than the long one ({})", self.long));
        }
        let is_number = self.factor.is_finite() && self.factor > 0.0;
        refuse(!is_number, "factor", "how many times too fast? Write a number above 0, such as 14.4".to_owned());
        if let (true, Some(chosen)) = (is_number && chosen != Some(Share::ALL), chosen) {
            let never = format!(
                "it would never fire: {} times the {} that may fail is everything or more; write a smaller factor",
                self.factor,
                chosen.complement()
            );
            refuse(self.above(objective) >= 1.0, "factor", never);
        }
        complaints
    }

    fn plan(&self, name: &str, objective: Option<Share>, times: &Clockwork) -> AlertPlan {
        let bins = |length: SimDuration| u32::try_from(length / times.bin).unwrap_or(u32::MAX);
        AlertPlan { name: name.to_owned(), long: bins(self.long), short: self.short.map(bins), above: self.above(objective) }
    }
}

/// How the calls of users ended within some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub failed: u64,
    pub ended: u64,
}

/// The calls that ended in the last so many bins.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Window {
    sum: Counts,
}

impl Window {
    /// Another bin is over, and one that was in the window, if it was full, is not any more.
    pub fn moves(&mut self, comes: Counts, goes: Option<Counts>) {
        let goes = goes.unwrap_or_default();
        self.sum.failed = self.sum.failed + comes.failed - goes.failed;
        self.sum.ended = self.sum.ended + comes.ended - goes.ended;
    }

    /// Whether a larger share of them failed, where only `filled` of the `length` bins have been: the others had as many calls, and no failure.
    /// The counts are far below 2^53, so that the products are those of whole numbers and a share.
    pub fn fails_above(&self, share: f64, (filled, length): (u32, u32)) -> bool {
        self.sum.ended > 0 && self.sum.failed as f64 * f64::from(filled) > share * self.sum.ended as f64 * f64::from(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(text: &str) -> Option<Share> {
        Some(text.parse().expect("a share"))
    }

    fn rule() -> BurnRate {
        let seconds = SimDuration::from_secs;
        BurnRate { objective: share("99%"), long: seconds(60), short: Some(seconds(5)), factor: 10.0 }
    }

    #[test]
    fn a_rule_of_the_workbook_is_a_share_of_failures_and_two_windows() {
        let plan = rule().plan("page", None, &Clockwork::default());
        assert_eq!((plan.long, plan.short), (60, Some(5)));
        assert!((plan.above - 0.1).abs() < 1e-12);
        let own = BurnRate { objective: None, ..rule() }.plan("page", share("99.9%"), &Clockwork::default());
        assert!((own.above - 0.01).abs() < 1e-12, "the objective of the scenario holds unless the rule has one");
    }

    #[test]
    fn a_window_forgets_what_is_long_over_and_without_a_call_nothing_fails() {
        let mut window = Window::default();
        assert!(!window.fails_above(0.0, (1, 1)));
        window.moves(Counts { failed: 2, ended: 10 }, None);
        assert!(window.fails_above(0.1, (1, 1)) && !window.fails_above(0.2, (1, 1)), "exactly the share is not above it");
        assert!(window.fails_above(0.04, (1, 4)) && !window.fails_above(0.05, (1, 4)), "three more bins would have been without failures");
        window.moves(Counts { failed: 0, ended: 10 }, Some(Counts { failed: 2, ended: 10 }));
        assert!(!window.fails_above(0.0, (1, 1)));
    }

    #[test]
    fn what_can_never_fire_or_means_nothing_is_refused() {
        let fields = |rule: &BurnRate, objective: Option<Share>| -> Vec<String> {
            rule.check(objective, &Clockwork::default()).into_iter().map(|complaint| complaint.field).collect()
        };
        assert!(fields(&rule(), None).is_empty());
        assert_eq!(fields(&BurnRate { objective: None, ..rule() }, None), [""]);
        assert!(fields(&BurnRate { objective: None, ..rule() }, share("99%")).is_empty());
        assert_eq!(fields(&BurnRate { objective: share("100%"), ..rule() }, None), ["objective"]);
        assert_eq!(fields(&BurnRate { factor: 100.0, ..rule() }, None), ["factor"]);
        assert_eq!(fields(&BurnRate { factor: f64::NAN, ..rule() }, None), ["factor"]);
        assert_eq!(fields(&BurnRate { long: SimDuration::from_millis(1500), short: None, ..rule() }, None), ["long"]);
        assert_eq!(fields(&BurnRate { short: Some(SimDuration::from_secs(60)), ..rule() }, None), ["short"]);
    }
}
