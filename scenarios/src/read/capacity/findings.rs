//! What is more than a system can do, in sentences with their arithmetic?

use super::flow::{System, Tries};
use models::services::LateWork;
use models::strategies::Layer;
use sim_core::time::SimDuration;

/// Fewer attempts at the bottom than this, from several layers that retry, are not worth a warning.
const MANY_ATTEMPTS: u64 = 8;

/// A mean that is by less than a hundredth another one than is written is not worth a warning.
const CUT_A_LOT: f64 = 1.01;

/// A service that needs just all of its workers needs a little more or less by arithmetic: mean gaps are whole nanoseconds.
const FULL: f64 = 1.001;

/// How much comes to a service whose queue has no end, and what that leads to.
const GROWS: &str = "counted: first attempts of open load at its mean rate, all answers from the services themselves (none from a cache), nobody \
                     waiting, no faults. Its queue grows until something else gives way";

/// The same where a queue is full at some length.
const TURNED_AWAY: &str = "counted: first attempts of open load at its mean rate, all answers from the services themselves (none from a cache), nobody \
                           waiting, no faults. Its queue fills up to its limit, and what finds no place is sent away, or pushes others out";

/// Something found in one system.
pub(super) struct Finding {
    /// What it is about, so that other arms and cells say it of the same.
    pub(super) about: About,
    /// How bad it is.
    pub(super) degree: f64,
    pub(super) sentence: String,
    pub(super) hint: &'static str,
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum About {
    /// The service of this name.
    Service(String),
    /// What is fetched from a queue, by a service.
    Fetched { backlog: String, node: String },
    /// What a broker passes on.
    Passed { backlog: String, node: String },
    /// The mean work of the service of this name.
    Work(String),
    /// The edge of this name: what it may take.
    Time(String),
    /// The edge of this name: what it takes at least.
    Never(String),
    /// The edge of this name: how often it is tried.
    Attempts(String),
}

impl System<'_> {
    pub(super) fn findings(&self) -> Vec<Finding> {
        let services = 0..self.plan.services.len();
        let mut found: Vec<Finding> = services.clone().filter_map(|service| self.overload(service)).collect();
        found.extend(services.filter_map(|service| self.cut(service)));
        found.extend((0..self.plan.backlogs.len()).filter_map(|backlog| self.pile(backlog)));
        found.extend((0..self.plan.edges.len()).filter_map(|edge| self.impatience(edge)));
        found.extend((0..self.plan.edges.len()).filter_map(|edge| self.in_vain(edge)));
        found.extend(self.ways.iter().filter_map(|way| self.multiplied(way)));
        found
    }

    /// A service that cannot keep up.
    fn overload(&self, service: usize) -> Option<Finding> {
        let (plan, rate) = (&self.plan.services[service], self.rate[service].iter().sum::<f64>());
        let (load, what, time, count) = self.needs(service);
        if load <= FULL {
            return None;
        }
        let held = if time > self.work(service) { " (held while it waits for others)" } else { "" };
        let all = self.serving(service) * f64::from(count);
        let have = match self.serving(service) {
            serving if serving < f64::from(plan.replicas) => {
                format!("{} x {count}, of which it can use {}, as all writes go to the primary", plan.replicas, short(all))
            }
            _ if plan.replicas > 1 => format!("{} x {count}", plan.replicas),
            _ => count.to_string(),
        };
        let whom = match self.messages[service] / rate {
            share if share <= 0.0 => "requests",
            share if share < 0.999_999 => "requests and messages",
            _ => "messages",
        };
        let sentence = format!(
            "`{}` is asked for more than it can do: {} {whom} a second, each {time} of a {what}{held}, need {} {what}s, and it has {have} ({:.0} %)",
            plan.name,
            short(rate),
            short(load * all),
            load * 100.0
        );
        let hint = if plan.sends_away() { TURNED_AWAY } else { GROWS };
        let about = About::Service(plan.name.clone());
        if time == SimDuration::MAX {
            let sentence = format!("the work that a request asks of `{}` has no mean: no number of {what}s is enough for long", plan.name);
            let hint = "a heavy tail without a mean (`Pareto` with a shape of 1 or below) now and then has a request that keeps what serves it busy for \
                        ever; write a shape above 1, or another distribution";
            return Some(Finding { about, degree: load, sentence, hint });
        }
        Some(Finding { about, degree: load, sentence, hint })
    }

    /// Work with another mean than is written, because nothing takes less than no time.
    fn cut(&self, service: usize) -> Option<Finding> {
        let plan = &self.plan.services[service];
        let (written, mean) = (plan.demand.uncut_mean()?, plan.demand.mean());
        let degree = mean.as_secs_f64() / written.as_secs_f64();
        if degree < CUT_A_LOT {
            return None;
        }
        let sentence = format!(
            "the work of `{}` is {} on average, not {written}: the bell curve is cut off at zero, and what lies below is drawn again",
            plan.name,
            mean.to_digits(3)
        );
        let hint = "write a smaller `sd`, or a distribution that is never negative, such as Gamma or LogNormal";
        Some(Finding { about: About::Work(plan.name.clone()), degree, sentence, hint })
    }

    /// A backlog to which more comes than is taken from it.
    fn pile(&self, backlog: usize) -> Option<Finding> {
        let (plan, come) = (&self.plan.backlogs[backlog], self.kept[backlog].iter().sum::<f64>());
        let (takes, node) = self.taken_from(backlog as u32)?;
        let degree = come / takes.rate;
        if degree <= FULL {
            return None;
        }
        let (name, node) = (plan.name.clone(), node.to_owned());
        let (about, what) = match plan.push {
            Some(_) => (About::Passed { backlog: name.clone(), node }, format!("more messages come for `{name}` than are passed on")),
            None => (About::Fetched { backlog: name.clone(), node }, format!("more messages come to `{name}` than are fetched")),
        };
        let sentence = format!("{what}: {} a second, and {} ({:.0} %)", short(come), takes.arithmetic, degree * 100.0);
        let hint = "counted: messages of open load at its mean rate, each once, full batches that are worked on all at once, nobody waiting, no \
                    faults. The backlog grows, and everything in it gets older";
        Some(Finding { about, degree, sentence, hint })
    }

    /// A caller that gives an attempt up before what that leads to can be over.
    fn impatience(&self, edge: usize) -> Option<Finding> {
        let (edge, callee) = (&self.plan.edges[edge], self.ends(edge).1?);
        // Whoever is told of a deadline stops in time, and so does whoever is told that its caller has gone.
        let tells = |layer: &Layer| matches!(layer, Layer::Deadline(deadline) if deadline.propagate);
        if self.plan.edges.iter().any(|edge| edge.stack.iter().any(tells)) || self.plan.services[callee].late_work == LateWork::Cancel {
            return None;
        }
        let patience = patience(&edge.stack)?;
        let sum = self.below[callee]?;
        if sum <= patience {
            return None;
        }
        let of_call = |call: &usize| format!("`{}` may take {}", self.plan.edges[*call].name, self.worst(*call).arithmetic);
        let longest =
            self.waits(callee, self.slowest_class(callee)).filter_map(|calls| calls.iter().max_by_key(|call| self.worst(**call).time));
        let parts: Vec<String> = longest.map(of_call).collect();
        let together = if parts.len() > 1 { format!(", {sum} together") } else { String::new() };
        let sentence = format!(
            "`{}` gives an attempt up after {patience}, but {}{together}: the rest is work for nobody",
            edge.name,
            parts.join(", ")
        );
        let hint = "let what is inside end sooner, let a deadline travel (`Deadline(after: ..., propagate: true)`), or let the callee cancel late work";
        let degree = sum.as_secs_f64() / patience.as_secs_f64();
        Some(Finding { about: About::Time(edge.name.clone()), degree, sentence, hint })
    }

    /// A caller that gives every attempt up before an answer can come, whatever is drawn and though nobody waits.
    fn in_vain(&self, edge: usize) -> Option<Finding> {
        let patience = patience(&self.plan.edges[edge].stack)?;
        let (travels, works) = self.least(edge);
        let least = travels.saturating_add(works);
        if least <= patience {
            return None;
        }
        let name = self.plan.edges[edge].name.clone();
        let parts = match (travels.is_zero(), works.is_zero()) {
            (true, _) => format!("{works} of work"),
            (_, true) => format!("{travels} on the way there and back"),
            _ => format!("{travels} on the way there and back and {works} of work"),
        };
        let sentence = format!("no attempt over `{name}` can succeed: it is given up after {patience}, and takes at least {parts}");
        let hint = "wait longer than that (`Timeout`, `Deadline` or `per_try_timeout`), or let the callee be nearer or faster";
        Some(Finding { about: About::Never(name), degree: least.as_secs_f64() / patience.as_secs_f64(), sentence, hint })
    }

    /// Retries that multiply on the way down, said where the last of the layers retries, not of all that lies below it as well.
    fn multiplied(&self, way: &[Tries]) -> Option<Finding> {
        if way.last()?.unbudgeted == Some(1) {
            return None;
        }
        let several: Vec<&Tries> = way.iter().filter(|tries| tries.unbudgeted != Some(1)).collect();
        let all = product(way, |tries| tries.unbudgeted);
        if several.len() < 2 || all < MANY_ATTEMPTS {
            return None;
        }
        let edge = &self.plan.edges[way.last()?.edge];
        let count = |attempts: Option<u64>| attempts.map_or_else(|| "any number".to_owned(), |attempts| attempts.to_string());
        let together = if all == u64::MAX { "any number of".to_owned() } else { all.to_string() };
        let factors: Vec<String> = several.iter().map(|tries| count(tries.unbudgeted)).collect();
        let names: Vec<String> = several.iter().map(|tries| format!("`{}`", self.plan.edges[tries.edge].name)).collect();
        let sentence = format!(
            "retries multiply: {} = {together} attempts over `{}` for one call, if all of them fail ({})",
            factors.join(" x "),
            edge.name,
            names.join(", ")
        );
        let hint = "retry in one layer only, or give retries a budget";
        Some(Finding { about: About::Attempts(edge.name.clone()), degree: all as f64, sentence, hint })
    }
}

/// How many attempts one call makes of itself along a way; the greatest number if nothing limits them.
pub(super) fn product(way: &[Tries], of: fn(&Tries) -> Option<u64>) -> u64 {
    way.iter().fold(1, |product: u64, tries| product.saturating_mul(of(tries).unwrap_or(u64::MAX)))
}

/// How long a caller waits for an attempt, if not for ever.
pub(super) fn patience(stack: &[Layer]) -> Option<SimDuration> {
    let of_layer = |layer: &Layer| match layer {
        Layer::Timeout(timeout) => Some(timeout.0),
        Layer::Deadline(deadline) => Some(deadline.after),
        Layer::EnvoyRetry(retry) => retry.per_try_timeout,
        _ => None,
    };
    stack.iter().filter_map(of_layer).min()
}

/// A number with as many digits as a reader needs.
pub(super) fn short(number: f64) -> String {
    if number >= 100.0 { format!("{number:.0}") } else { format!("{number:.1}").trim_end_matches(".0").to_owned() }
}
