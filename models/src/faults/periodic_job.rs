//! Periodic job: background work that begins again a while after its end.
//!
//! A timer that is set when the work is done, and not when it was begun, lets nodes that do work for each other fall into
//! step: whoever is busy with the others' work when its own is due is ready at the same instant as they are, and all set
//! their timers anew at that instant (Floyd and Jacobson, "The Synchronization of Periodic Routing Messages", 1994). A rest that
//! varies by more than the work takes breaks the step.

use super::{Explanation, Fault, Luck, Member, Names, Span, Timing, parameter, target};
use crate::environment::{Effect, JobWork, LoadEffect};
use crate::places::Places;
use crate::registry::{Complaint, Registered, within};
use serde::{Deserialize, Serialize};
use sim_core::sample::Distribution;
use sim_core::time::SimDuration;

/// Nodes do background work again and again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeriodicJob {
    /// The service (all its replicas) or one of them, `"shop[1]"`; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every service replica in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// How much work a run is.
    pub work: Distribution,
    /// How long after the end of a run a node begins the next one.
    pub rest: Distribution,
    /// Whether each run is work for every one of the nodes, as a routing update is, instead of for the one that begins it.
    #[serde(default)]
    pub shared: bool,
}

/// How long work and rest take together in the mean, at least: a million runs a second are no background.
const SHORTEST_ROUND: SimDuration = SimDuration::from_micros(1);

impl Registered for PeriodicJob {
    const NAME: &'static str = "PeriodicJob";
    const SUMMARY: &'static str = "background work at a node that begins again a while after its end";
}

impl Fault for PeriodicJob {
    const EXPLANATION: Explanation = Explanation {
        meaning: "Each node does background work with its own workers, behind what waits in its queue, whose limit it does not heed. It begins \
                  the next run `rest` after it has no work of this fault left; the first one at an instant drawn evenly over one rest. With \
                  `shared: true` each run is work for all the nodes at once, as a routing update is: then nodes can fall into step. The work \
                  counts as work, not as calls; until the horizon.",
        in_flight: "Messages are not touched. Runs that wait or are worked on when the fault ends are finished. A crash kills those at its node, \
                    whose next rest begins then; whoever is down when a run is due leaves it out.",
        overlap: "Each has timers of its own. A SlowNode slows this work like any other.",
        parameters: &[
            parameter("node", "service, replica, or a list", "required without `domain`", "who works"),
            parameter("domain", "domain, or a list", "none", "every service in it"),
            parameter("work", "distribution", "required", "how much work a run is, drawn for each run and node"),
            parameter("rest", "distribution", "required", "how long after its end a node begins the next run"),
            parameter("shared", "true or false", "false", "whether each run is work for all the nodes"),
        ],
        example: "PeriodicJob(node: \"shop\", work: Constant(\"200ms\"), rest: Constant(\"10s\"), shared: true, at: \"1s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let nodes = target::nodes(&self.node, &self.domain, places)?;
        places.answer_requests(if self.node.is_empty() { "domain" } else { "node" }, &nodes).map_err(|complaint| vec![complaint])?;
        let what = JobWork { work: self.work.clone(), rest: self.rest.clone(), is_shared: self.shared };
        let effect = |node| Effect::Load(LoadEffect::Job { node, what: what.clone(), key: 0 });
        if self.shared {
            // One member, so that all of them share a stretch.
            return Ok(vec![Member { name: self.label(), effects: nodes.into_iter().map(effect).collect() }]);
        }
        Ok(nodes.into_iter().map(|node| Member { name: places.name(node).to_owned(), effects: vec![effect(node)] }).collect())
    }

    fn course(&self, member: &Member, lasts: Option<SimDuration>, luck: Luck<'_>) -> Vec<Span> {
        vec![Span { from: SimDuration::ZERO, until: lasts, effects: target::of_strike(member, luck) }]
    }

    fn label(&self) -> String {
        format!("periodic job of {}", target::in_words(&self.node, &self.domain))
    }

    fn check(&self, timing: &Timing) -> Vec<Complaint> {
        let mut complaints: Vec<_> = within("work", self.work.check()).collect();
        complaints.extend(within("rest", self.rest.check()));
        if complaints.is_empty() && self.work.compile().mean() + self.rest.compile().mean() < SHORTEST_ROUND {
            let sentence = "work and rest together take no time, so that it would begin again and again and never let time pass";
            complaints.push(crate::registry::complaint("rest", format!("{sentence}; let them take {SHORTEST_ROUND} in the mean, or more")));
        }
        if self.shared && timing.pick.is_some() {
            complaints.push(crate::registry::complaint("pick", "shared work is work for all the nodes; name fewer of them instead"));
        }
        complaints
    }
}
