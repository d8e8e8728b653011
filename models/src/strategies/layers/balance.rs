//! Balance: a layer that chooses the replica to which what is inside goes.
//!
//! In this order, as in Envoy: replicas that probes found unwell, that are ejected, or whose breaker lets nothing pass, are left out; if too few are left, all are
//! used; a zone is decided for; the policy chooses among those that remain.

use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, complaint, within};
use crate::strategies::balance::panic::{DEFAULT_THRESHOLD, is_panic};
use crate::strategies::balance::slow_start::{PARTS, SlowStart};
use crate::strategies::balance::zones::ZoneAware;
use crate::strategies::balance::{AnyBalancer, BalancerMemory, Choice, Fleet};
use crate::strategies::breaker::{Admission, AnyBreaker, BreakerMemory, Stamp, State, Tried};
use crate::strategies::ejection::{AnyEjector, EjectorMemory, TriedAt};
use crate::strategies::health::{AnyHealthCheck, Check, Health, ProbeKind, Probed};
use crate::strategies::{End, Luck, Moment, Notes, Scope, Shift, Site, Step, Strategy};
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;
use sim_core::units::Share;

/// Sends what is inside to one of the replicas of the callee, by a policy. Without such a layer a replica is drawn evenly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// How a replica is chosen among those that may be.
    pub policy: AnyBalancer,
    /// What takes replicas out of the choice for a while; nothing unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outliers: Option<AnyEjector>,
    /// A breaker for each replica: one that lets nothing pass takes it out of the choice; none unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breakers: Option<AnyBreaker>,
    /// How each process asks each replica whether it is well; it does not unless said. A replica that is not is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Box<AnyHealthCheck>>,
    /// If a smaller share of the replicas than this is left, all are used; `"0%"` never does that, and a call fails with `breaker open`
    /// when none is left. 50 % unless said; with `breakers`, whose products know no panic, 0 %.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub panic_threshold: Option<Share>,
    /// Whether calls stay in their zone where they can; they do not unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone_aware: Option<ZoneAware>,
    /// How often the policy is asked again if it chooses a replica that an attempt of the call has gone to before; never unless said.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub host_selection_retry_max_attempts: u32,
    /// How the weight of a replica grows that is new or has come back; it has all of it at once unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_start: Option<SlowStart>,
    /// The weight of each replica, at least 1; all alike unless said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<u32>,
    /// By whom what it remembers is shared: each process its own, unless said.
    #[serde(default = "process")]
    pub per: Scope,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

const fn process() -> Scope {
    Scope::Process
}

/// The memory of a scope.
#[derive(Clone, Debug)]
pub struct Balanced {
    policy: BalancerMemory,
    outliers: Option<EjectorMemory>,
    breakers: Vec<BreakerMemory>,
    /// What probes say of each replica; empty without them.
    health: Vec<Health>,
    /// Whether there has been any call.
    has_traffic: bool,
    weights: Vec<u32>,
    /// Which replicas were out when they were last looked at.
    out: Vec<bool>,
    /// With a slow start: which could be chosen at the last choice, and since when each can be that could not before.
    choosable: Vec<bool>,
    since: Vec<Option<SimTime>>,
}

/// What a flight knows: where it went, when, and how its breaker knows it.
pub type Sent = Option<(u32, SimTime, Stamp)>;

impl Registered for Balance {
    const NAME: &'static str = "Balance";
    const SUMMARY: &'static str = "chooses the replica, by a policy, and leaves out those that fail";
}

impl Explained for Balance {
    const ABOUT: About = About {
        meaning: "Chooses the replica for what is inside, by a policy, and leaves out those that fail. Without it a replica is drawn \
                  evenly for each attempt. Layers inside may be shared per: Endpoint.",
        formula: "Of the replicas that the callee's partition leaves to the call, if it has one, in this order: replicas that health found unwell, that are ejected, or whose breaker is open, are left out; if less than \
                  panic_threshold of all are left, all are used; a zone is decided for; the policy chooses. If none may be chosen, the \
                  flight fails with breaker open. With health, each process probes each replica from the begin of the run on, \
                  when all count as well, until arrivals end; probes pass no layers, wait for a worker like any request, want no work \
                  done, and count in no rate of calls or attempts. Draws as the policy does.",
        parameters: &[
            parameter("policy", "a balancer", "required", "how a replica is chosen (stormglass list balancers)"),
            parameter("outliers", "an ejector", "none", "what takes replicas out of the choice for a while (stormglass list ejectors)"),
            parameter("breakers", "a breaker", "none", "a breaker for each replica; one that is open takes it out of the choice"),
            parameter("health", "a probe", "none", "how each process asks each replica whether it is well (stormglass list probes)"),
            parameter(
                "panic_threshold",
                "share",
                "\"50%\"; with breakers \"0%\"",
                "if a smaller share of the replicas is left, all are used",
            ),
            parameter("zone_aware", "(routing_enabled, min_cluster_size)", "no zones", "whether calls stay in their zone where they can"),
            parameter(
                "host_selection_retry_max_attempts",
                "number",
                "0",
                "how often the policy is asked again when it chooses a replica that the call has tried before",
            ),
            parameter(
                "slow_start",
                "(window, aggression, min_weight_percent)",
                "none",
                "how the weight of a replica grows that comes or comes back",
            ),
            parameter("weights", "list of numbers, at least 1", "all 1", "the weight of each replica"),
            parameter("per", "Client, Process, Edge", "Process", "by whom what it remembers is shared"),
        ],
        memory: "Per scope what policy, ejector, breakers and probes remember of each replica.",
        source: "order: Envoy, upstream/load_balancer_impl.cc; see the balancers.",
        example: "Balance(policy: LeastRequest(), outliers: Envoy(consecutive_5xx: 5))",
    };
}

impl Balance {
    /// Looks at all replicas: whether each may be chosen. Changes since the last look are noted.
    fn look(&self, shared: &mut Balanced, site: &Site<'_>, notes: &mut Notes) {
        let (luck, now) = (site.luck, site.now);
        if let (Some(ejector), Some(memory)) = (&self.outliers, &mut shared.outliers) {
            ejector.settle(memory, &luck, now);
        }
        for replica in 0..shared.out.len() as u32 {
            let is_out = self.is_out(shared, replica, now);
            if std::mem::replace(&mut shared.out[replica as usize], is_out) != is_out {
                notes.shift(if is_out { Shift::Ejected(replica) } else { Shift::Returned(replica) });
            }
        }
    }

    fn is_out(&self, shared: &mut Balanced, replica: u32, now: SimTime) -> bool {
        let unwell = shared.health.get(replica as usize).is_some_and(|health| !health.is_well());
        let ejected = match (&self.outliers, &shared.outliers) {
            (Some(ejector), Some(memory)) => !ejector.admits(memory, replica, now),
            _ => false,
        };
        let shut = match (&self.breakers, shared.breakers.get_mut(replica as usize)) {
            (Some(breaker), Some(memory)) => breaker.state(memory, now) == State::Open,
            _ => false,
        };
        unwell || ejected || shut
    }

    /// The replicas among which the policy may choose; none if the call must fail.
    fn among(&self, shared: &Balanced, moment: &Moment<'_>) -> Vec<u32> {
        let mut all: Vec<u32> = moment.part.clone().unwrap_or_else(|| (0..shared.out.len() as u32).collect());
        if let Some(listed) = moment.site.listed {
            all.retain(|replica| listed.binary_search(replica).is_ok());
        }
        let healthy: Vec<u32> = all.iter().copied().filter(|replica| !shared.out[*replica as usize]).collect();
        let usual = if self.breakers.is_some() { Share::NONE } else { DEFAULT_THRESHOLD };
        if is_panic(healthy.len() as u32, all.len() as u32, self.panic_threshold.unwrap_or(usual)) {
            return all;
        }
        let Some(zones) = &self.zone_aware else { return healthy };
        let (of_replica, callers) = (moment.site.zones, moment.site.callers);
        let Some(own) = moment.own_zone else { return healthy };
        let count = |zone: usize| healthy.iter().filter(|replica| of_replica[**replica as usize] as usize == zone).count() as u32;
        let by_zone: Vec<u32> = (0..callers.len()).map(count).collect();
        match zones.zone(own as usize, callers, &by_zone, moment.draw().further(1)) {
            Some(zone) => healthy.into_iter().filter(|replica| of_replica[*replica as usize] as usize == zone).collect(),
            None => healthy,
        }
    }

    /// Asks the policy, and asks again while it chooses one that the call has tried before, as often as it may be.
    fn pick(&self, policy: &mut BalancerMemory, choice: Choice<'_>, moment: &mut Moment<'_>) -> u32 {
        let mut replica = self.policy.pick(policy, &choice);
        if self.host_selection_retry_max_attempts == 0 {
            return replica;
        }
        if moment.attempts == 0 {
            moment.tried.clear();
        }
        for again in 0..self.host_selection_retry_max_attempts {
            if !moment.tried.contains(&replica) {
                break;
            }
            replica = self.policy.pick(policy, &Choice { draw: choice.draw.further(RESELECTION + u64::from(again)), ..choice });
        }
        moment.tried.push(replica);
        replica
    }

    /// A try at a replica is over, or was given up.
    fn ended(&self, sent: Sent, shared: &mut Balanced, outcome: Option<Outcome>, moment: &mut Moment<'_>) {
        let Some((replica, since, stamp)) = sent else { return };
        let (luck, now) = (moment.site.luck, moment.now);
        let took = now.saturating_since(since);
        self.policy.ended(&mut shared.policy, replica, took, outcome, now);
        if let (Some(ejector), Some(memory)) = (&self.outliers, &mut shared.outliers) {
            ejector.settle(memory, &luck, now);
            ejector.ended(memory, &TriedAt { replica, since, outcome, took }, &luck, now);
        }
        if let (Some(breaker), Some(memory)) = (&self.breakers, shared.breakers.get_mut(replica as usize)) {
            let luck = Luck { key: luck.key.child(u64::from(replica)), ..luck };
            match outcome {
                Some(outcome) => breaker.ended(memory, &Tried { stamp, verdict: breaker.verdict(outcome), took }, &luck, now),
                None => breaker.given_up(memory, stamp, &luck, now),
            }
        }
        self.look(shared, &moment.site, moment.notes);
    }
}

/// The place of the draws of further choices for one try.
const RESELECTION: u64 = 0x6_0000;

/// The weights of replicas, in parts of the whole, some of which may have come lately.
fn grown(slow: &SlowStart, shared: &mut Balanced, moment: &Moment<'_>) -> Vec<u32> {
    let is_there = |replica: usize| moment.site.listed.is_none_or(|listed| listed.binary_search(&(replica as u32)).is_ok());
    let choosable: Vec<bool> = (0..shared.out.len()).map(|replica| is_there(replica) && !shared.out[replica]).collect();
    // Whoever is there at the first choice of all is not new.
    let before = std::mem::replace(&mut shared.choosable, choosable);
    for (replica, was) in before.into_iter().enumerate() {
        if shared.choosable[replica] && !was {
            shared.since[replica] = Some(moment.now);
        }
    }
    let weight = |(weight, since): (&u32, &Option<SimTime>)| {
        let parts = since.map_or(PARTS, |since| slow.weight(moment.now.saturating_since(since)));
        u32::try_from(u64::from(*weight) * u64::from(parts)).unwrap_or(u32::MAX)
    };
    shared.weights.iter().zip(&shared.since).map(weight).collect()
}

impl Strategy for Balance {
    type Flight = Sent;
    type Shared = Box<Balanced>;

    fn scope(&self) -> Option<Scope> {
        Some(self.per)
    }

    fn flight(&self) -> Sent {
        None
    }

    fn fresh(&self, site: &Site<'_>) -> Box<Balanced> {
        let count = site.replicas.len();
        let weights: Vec<u32> = (0..count).map(|replica| self.weights.get(replica).copied().unwrap_or(1)).collect();
        let fleet = Fleet { weights: &weights, names: site.replicas };
        // Behind all that ejectors and breakers will ever draw.
        let draw = site.luck.nth(u64::MAX);
        Box::new(Balanced {
            policy: self.policy.fresh(&fleet, draw),
            outliers: self.outliers.as_ref().map(|ejector| ejector.fresh(count as u32, site.now)),
            breakers: self.breakers.iter().flat_map(|breaker| (0..count).map(|_| breaker.fresh(site.now))).collect(),
            weights,
            health: self.health.iter().flat_map(|_| (0..count).map(|_| Health::new(true))).collect(),
            has_traffic: false,
            out: vec![false; count],
            choosable: Vec::new(),
            since: vec![None; count],
        })
    }

    fn start(&self, flight: &mut Sent, shared: &mut Box<Balanced>, moment: &mut Moment<'_>) -> Step {
        shared.has_traffic = true;
        self.look(shared, &moment.site, moment.notes);
        let among = self.among(shared, moment);
        if among.is_empty() {
            let nobody_is_there = moment.site.listed.is_some_and(<[u32]>::is_empty);
            return Step::End(Outcome::Failed(if nobody_is_there { Failure::Refused } else { Failure::BreakerOpen }));
        }
        let grown = self.slow_start.as_ref().map(|slow| grown(slow, shared, moment));
        let fleet = Fleet { weights: grown.as_ref().unwrap_or(&shared.weights), names: moment.site.replicas };
        let choice = Choice { fleet, among: &among, object: moment.object, draw: moment.draw(), now: moment.now };
        let replica = match moment.site.pinned.filter(|pinned| among.contains(pinned)) {
            Some(pinned) => pinned,
            None => self.pick(&mut shared.policy, choice, moment),
        };
        let mut stamp = 0;
        if let (Some(breaker), Some(memory)) = (&self.breakers, shared.breakers.get_mut(replica as usize)) {
            let luck = Luck { key: moment.site.luck.key.child(u64::from(replica)), ..moment.site.luck };
            match breaker.admit(memory, &luck, moment.now) {
                Admission::Admitted(given) => stamp = given,
                // In a panic a replica is used whatever its breaker says, and the breaker hears nothing of it.
                Admission::Rejected => return Step::At(replica),
            }
        }
        self.policy.sent(&mut shared.policy, replica, moment.now);
        if let (Some(ejector), Some(memory)) = (&self.outliers, &mut shared.outliers) {
            ejector.sent(memory, replica, moment.now);
        }
        *flight = Some((replica, moment.now, stamp));
        self.look(shared, &moment.site, moment.notes);
        Step::At(replica)
    }

    fn inner_ended(&self, flight: &mut Sent, shared: &mut Box<Balanced>, end: End, moment: &mut Moment<'_>) -> Step {
        self.ended(flight.take(), shared, Some(end.outcome), moment);
        Step::End(end.outcome)
    }

    fn timer(&self, _flight: &mut Sent, _shared: &mut Box<Balanced>, _moment: &mut Moment<'_>) -> Step {
        unreachable!("a balancer sets no timer")
    }

    fn given_up(&self, flight: &mut Sent, shared: &mut Box<Balanced>, moment: &mut Moment<'_>) {
        self.ended(flight.take(), shared, None, moment);
    }

    fn gauges(&self, shared: &mut Box<Balanced>, site: &Site<'_>, show: &mut dyn FnMut(&'static str, f64)) {
        if self.outliers.is_none() && self.breakers.is_none() && self.health.is_none() {
            return;
        }
        if let (Some(ejector), Some(memory)) = (&self.outliers, &mut shared.outliers) {
            ejector.settle(memory, &site.luck, site.now);
        }
        let out = (0..shared.out.len() as u32).filter(|replica| self.is_out(shared, *replica, site.now)).count();
        show("replicas left out", out as f64);
    }

    fn health(&self) -> Option<&AnyHealthCheck> {
        self.health.as_deref()
    }

    fn checked(&self, shared: &mut Box<Balanced>, check: &Check, site: &Site<'_>, notes: &mut Notes) -> SimTime {
        let (Some(rule), Some(health)) = (&self.health, shared.health.get_mut(check.replica as usize)) else { return SimTime::MAX };
        rule.probed(health, check.probed);
        let next = rule.next(health, check, shared.has_traffic);
        if check.probed == Probed::Well
            && health.is_well()
            && let (Some(ejector), Some(memory)) = (&self.outliers, &mut shared.outliers)
        {
            ejector.settle(memory, &site.luck, site.now);
            ejector.checked(memory, check.replica, site.now);
        }
        self.look(shared, site, notes);
        next
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints: Vec<_> = within("policy", self.policy.check()).collect();
        complaints.extend(self.outliers.iter().flat_map(|ejector| within("outliers", ejector.check())));
        complaints.extend(self.breakers.iter().flat_map(|breaker| within("breakers", breaker.check())));
        complaints.extend(self.health.iter().flat_map(|health| within("health", health.check())));
        if let Some(AnyHealthCheck::KubernetesProbe(probe)) = self.health.as_deref()
            && probe.kind != ProbeKind::Readiness
        {
            complaints.push(complaint("health.kind", "a balancer leaves a replica out and restarts none; write `kind: Readiness`"));
        }
        if self.health.is_some() && self.per != Scope::Process {
            complaints.push(complaint(
                "per",
                "a process probes for itself, and knows what its own probes say; with health, write `per: Process`",
            ));
        }
        complaints.extend(self.zone_aware.iter().flat_map(|zones| within("zone_aware", zones.check())));
        complaints.extend(self.slow_start.iter().flat_map(|slow| within("slow_start", slow.check())));
        if self.slow_start.is_some() && !matches!(self.policy, AnyBalancer::WeightedRoundRobin(_) | AnyBalancer::LeastRequest(_)) {
            let sentence =
                "only WeightedRoundRobin and LeastRequest go by weights that grow; choose one of these, or leave `slow_start` out";
            complaints.push(complaint("slow_start", sentence));
        }
        if self.host_selection_retry_max_attempts > 1000 {
            complaints.push(complaint("host_selection_retry_max_attempts", "a thousand choices for one try are enough"));
        }
        if self.weights.contains(&0) {
            complaints.push(complaint("weights", "a replica of weight 0 would never be chosen; weights are at least 1"));
        }
        complaints
    }

    fn check_on(&self, replicas: u32) -> Vec<Complaint> {
        let count = self.weights.len();
        let fits = count == 0 || count == replicas as usize;
        (!fits).then(|| complaint("weights", format!("there are {count} weights for {replicas} replicas"))).into_iter().collect()
    }
}
