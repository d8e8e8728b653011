//! Finagle failure accrual: an endpoint is dead after failures in a row, or when its success rate has sunk.
//!
//! Source: twitter/finagle `FailureAccrualFactory`, `FailureAccrualPolicy`, `Ema`, `Backoff` (2024-10); twitter/util `WindowedAdder`.

use super::penalties::equal_jittered;
use super::refusals::{at_least_millis, by_status, millis_of, whole_millis};
use super::{Admission, Breaker, Stamp, State, Tried, Verdict};
use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::{Luck, Scope};
use serde::{Deserialize, Serialize};
use sim_core::draw::Draw;
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;

/// The failure accrual of Finagle's clients, with the two policies of its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FinagleAccrual {
    /// Below this moving average of successes a failure marks the endpoint dead; 0 % switches this policy off.
    pub required_success_rate: Share,
    /// The mean age of what the average is made of, and the age from which it counts; whole milliseconds, at least 5.
    pub success_rate_window: SimDuration,
    /// Below so many requests in the window the success rate says nothing.
    pub minimum_requests: u32,
    /// So many failures in a row mark the endpoint dead; 0 switches this policy off.
    pub consecutive_failures: u32,
    /// For how long it is dead the first time.
    pub mark_dead_for: SimDuration,
    /// For how long it is dead at most.
    pub mark_dead_for_at_most: SimDuration,
    /// The failures that say nothing of the endpoint (`FailureFlags.Ignorable`).
    pub ignorable: Vec<Failure>,
    /// By whom it is shared.
    pub per: Scope,
}

impl Default for FinagleAccrual {
    fn default() -> Self {
        Self {
            required_success_rate: Share::percent(80),
            success_rate_window: SimDuration::from_secs(30),
            minimum_requests: 5,
            consecutive_failures: 5,
            mark_dead_for: SimDuration::from_secs(5),
            mark_dead_for_at_most: SimDuration::from_secs(300),
            ignorable: Vec::new(),
            per: Scope::Endpoint,
        }
    }
}

/// What it remembers.
#[derive(Clone, Debug)]
pub struct Memory {
    phase: Phase,
    in_a_row: u32,
    rate: Rate,
    /// Where the series of either policy stands: success rate, failures in a row.
    nth: [u32; 2],
    /// How many values each has taken in all: what names its next draw.
    taken: [u64; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Alive,
    Dead { until: SimTime },
    ProbeOpen,
    ProbeClosed,
}

impl Memory {
    /// The moving average of successes as of the last result; none before the first.
    pub fn success_rate(&self) -> Option<f64> {
        self.rate.average.map(|(_, average)| average)
    }
}

/// The success rate, and of how many requests it is made. All times are whole milliseconds.
#[derive(Clone, Debug)]
struct Rate {
    window: u64,
    since: u64,
    /// The age at the last result, and the average then.
    average: Option<(u64, f64)>,
    requests: WindowedAdder,
}

impl Rate {
    fn new(window: u64, now: u64) -> Self {
        Self { window, since: now, average: None, requests: WindowedAdder::new(window, now) }
    }

    /// Counts a result; its age on the clock of the average, and the average with it.
    fn update(&mut self, is_success: bool, now: u64) -> (u64, f64) {
        self.requests.add(now);
        let (age, value) = (now.saturating_sub(self.since), f64::from(u8::from(is_success)));
        let average = self.average.map_or(value, |(then, average)| {
            let weight = sim_core::stats::exp(-(age.saturating_sub(then) as f64) / self.window as f64);
            value * (1.0 - weight) + average * weight
        });
        self.average = Some((age, average));
        (age, average)
    }
}

/// Requests of a window in five slices, the live one included. It is brought up to date when touched, and off any grid: a slice that
/// was touched late lasts until then.
#[derive(Clone, Debug)]
struct WindowedAdder {
    slice: u64,
    closed: [u32; SLICES - 1],
    live: u32,
    since: u64,
}

const SLICES: usize = 5;

impl WindowedAdder {
    fn new(window: u64, now: u64) -> Self {
        Self { slice: (window / SLICES as u64).max(1), closed: [0; SLICES - 1], live: 0, since: now }
    }

    fn move_on(&mut self, now: u64) {
        let slices = now.saturating_sub(self.since) / self.slice;
        if slices == 0 {
            return;
        }
        // The live slice is closed, and those that nobody touched are empty.
        for _ in 0..slices.min(SLICES as u64) {
            self.closed.rotate_left(1);
            self.closed[SLICES - 2] = std::mem::take(&mut self.live);
        }
        self.since = now;
    }

    fn add(&mut self, now: u64) {
        self.move_on(now);
        self.live = self.live.saturating_add(1);
    }

    fn sum(&mut self, now: u64) -> u64 {
        self.move_on(now);
        self.closed.iter().map(|count| u64::from(*count)).sum::<u64>() + u64::from(self.live)
    }
}

impl Registered for FinagleAccrual {
    const NAME: &'static str = "FinagleAccrual";
    const SUMMARY: &'static str = "marks an endpoint dead after failures in a row or at a low success rate, longer each time (Finagle)";
}

impl Explained for FinagleAccrual {
    const ABOUT: About = About {
        meaning: "The failure accrual of Finagle: each endpoint of a service has its own, and a balancer leaves out the dead ones. Five \
                  failures in a row, or a success rate that has sunk below 80% over half a minute, mark an endpoint dead for 5 s, then longer and \
                  longer; one probe revives it.",
        formula: "Each failure while alive, and of the probe: failures in a row + 1 >= consecutive_failures, or (age >= window and average \
                  < required_success_rate and requests in the window >= minimum_requests) marks dead. average: the first result sets \
                  it, then e <- x (1 - w) + e w with w = exp(-ms since the last / window). The window of requests has five slices, brought up to date \
                  when touched. Dead for a series of its own for either policy: mark_dead_for, then h + [0, h) with h = \
                  mark_dead_for * 2^(k-1), k = 1, 2, ...; mark_dead_for_at_most once h or the sum reaches it. If both fire the longer is taken and both \
                  series go on. now >= marked + dead: one call is the probe and all others are rejected. While it is on its way the \
                  first result, late ones too, decides: a success revives and begins everything anew, a failure marks dead, or, if no policy \
                  fires, lets the next probe through, as does an ignorable or given-up call. Failures while dead or before the probe \
                  change nothing; a success always counts and ends the row, which dying does not. Answers of an HTTP status below 500 \
                  are successes. One draw per value but the first and the constant last one.",
        parameters: &[
            parameter("required_success_rate", "share", "80%", "below this average a failure marks dead; 0% switches it off"),
            parameter(
                "success_rate_window",
                "duration, at least 5ms",
                "30s",
                "how long the average remembers, and when it begins to count",
            ),
            parameter("minimum_requests", "number", "5", "below so many requests in the window the rate says nothing"),
            parameter("consecutive_failures", "number", "5", "so many failures in a row mark dead; 0 switches it off"),
            parameter("mark_dead_for", "duration", "5s", "for how long the first time"),
            parameter("mark_dead_for_at_most", "duration", "300s", "for how long at most"),
            parameter("ignorable", "list of failures", "none", "failures that say nothing"),
            parameter("per", "Client, Process, Edge, Endpoint", "Endpoint", "by whom it is shared"),
        ],
        memory: "128 bytes per endpoint and process, for the whole run.",
        source: "Finagle 24.x (2024-10), FailureAccrualFactory.scala, FailureAccrualPolicy.scala, Ema.scala, Backoff.scala",
        example: "Breaker(FinagleAccrual(consecutive_failures: 5))",
    };
}

impl FinagleAccrual {
    /// For how long the endpoint is dead the `nth` time of a series, from 0.
    pub fn dead_for(&self, nth: u32, draw: Draw) -> SimDuration {
        equal_jittered(self.mark_dead_for, self.mark_dead_for_at_most, nth, draw)
    }

    fn catch_up(memory: &mut Memory, now: SimTime) {
        if matches!(memory.phase, Phase::Dead { until } if now >= until) {
            memory.phase = Phase::ProbeOpen;
        }
    }

    fn new_rate(&self, now: SimTime) -> Rate {
        Rate::new(whole_millis(self.success_rate_window).max(1), millis_of(now))
    }

    /// What the policies say to a failure: for how long it kills, if it does.
    fn mark_dead(&self, memory: &mut Memory, luck: &Luck<'_>, now: SimTime) -> Option<SimDuration> {
        let millis = millis_of(now);
        let (age, average) = memory.rate.update(false, millis);
        let is_low = age >= memory.rate.window && average < self.required_success_rate.as_f64();
        let is_low = is_low && memory.rate.requests.sum(millis) >= u64::from(self.minimum_requests);
        memory.in_a_row = memory.in_a_row.saturating_add(1);
        let is_row = self.consecutive_failures > 0 && memory.in_a_row >= self.consecutive_failures;
        [is_low, is_row].into_iter().enumerate().filter(|(_, fires)| *fires).map(|(policy, _)| self.next(memory, policy, luck)).max()
    }

    /// The next value of a policy's series.
    fn next(&self, memory: &mut Memory, policy: usize, luck: &Luck<'_>) -> SimDuration {
        let draw = luck.nth(memory.taken[policy] * 2 + policy as u64);
        let lasts = self.dead_for(memory.nth[policy], draw);
        memory.taken[policy] += 1;
        memory.nth[policy] = memory.nth[policy].saturating_add(1);
        lasts
    }

    fn succeed(&self, memory: &mut Memory, now: SimTime) {
        if memory.phase == Phase::ProbeClosed {
            memory.phase = Phase::Alive;
            memory.nth = [0; 2];
            memory.rate = self.new_rate(now);
        }
        memory.in_a_row = 0;
        memory.rate.update(true, millis_of(now));
    }

    fn fail(&self, memory: &mut Memory, luck: &Luck<'_>, now: SimTime) {
        if !matches!(memory.phase, Phase::Alive | Phase::ProbeClosed) {
            return;
        }
        match self.mark_dead(memory, luck, now) {
            Some(lasts) => memory.phase = Phase::Dead { until: now.saturating_add(lasts) },
            None => Self::ignore(memory),
        }
    }

    fn ignore(memory: &mut Memory) {
        if memory.phase == Phase::ProbeClosed {
            memory.phase = Phase::ProbeOpen;
        }
    }
}

impl Breaker for FinagleAccrual {
    type Shared = Memory;

    fn fresh(&self, now: SimTime) -> Memory {
        Memory { phase: Phase::Alive, in_a_row: 0, rate: self.new_rate(now), nth: [0; 2], taken: [0; 2] }
    }

    fn admit(&self, memory: &mut Memory, _luck: &Luck<'_>, now: SimTime) -> Admission {
        Self::catch_up(memory, now);
        match memory.phase {
            Phase::Dead { .. } | Phase::ProbeClosed => return Admission::Rejected,
            Phase::ProbeOpen => memory.phase = Phase::ProbeClosed,
            Phase::Alive => {}
        }
        Admission::Admitted(0)
    }

    fn ended(&self, memory: &mut Memory, tried: &Tried, luck: &Luck<'_>, now: SimTime) {
        Self::catch_up(memory, now);
        match tried.verdict {
            Verdict::Success => self.succeed(memory, now),
            Verdict::Failure => self.fail(memory, luck, now),
            Verdict::Ignored => Self::ignore(memory),
        }
    }

    fn given_up(&self, memory: &mut Memory, _stamp: Stamp, _luck: &Luck<'_>, now: SimTime) {
        Self::catch_up(memory, now);
        Self::ignore(memory);
    }

    fn state(&self, memory: &mut Memory, now: SimTime) -> State {
        Self::catch_up(memory, now);
        match memory.phase {
            Phase::Alive => State::Closed,
            Phase::Dead { .. } => State::Open,
            Phase::ProbeOpen | Phase::ProbeClosed => State::HalfOpen,
        }
    }

    fn verdict(&self, outcome: Outcome) -> Verdict {
        match outcome {
            Outcome::Failed(failure) if self.ignorable.contains(&failure) => Verdict::Ignored,
            outcome => by_status(outcome),
        }
    }

    fn scope(&self) -> Scope {
        self.per
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        complaints.extend(at_least_millis("success_rate_window", self.success_rate_window, SLICES as u64));
        if self.required_success_rate == Share::NONE && self.consecutive_failures == 0 {
            complaints.push(complaint("consecutive_failures", "with both policies switched off no endpoint is ever dead"));
        }
        if self.mark_dead_for.is_zero() {
            complaints.push(complaint("mark_dead_for", "an endpoint that is dead for no time is not dead; write a time such as \"5s\""));
        }
        if self.mark_dead_for_at_most < self.mark_dead_for {
            complaints.push(complaint("mark_dead_for_at_most", format!("it lies below the first time, {}", self.mark_dead_for)));
        }
        complaints
    }
}
