//! What did the nodes of one run go through? Their lives, how many waited at them, and what the strategies were up to.
//!
//! A bystander for whoever draws a single run. It keeps a number per node and time bin, and what waits: nothing per request that is over.

use models::ids::NodeId;
use models::plan::{Plan, Role};
use models::record::{AttemptName, Record};
use models::strategies::breaker::State;
use models::strategies::{Shift, ShiftAt};
use sim_core::time::{SimDuration, SimTime};
use std::collections::BTreeMap;

/// A span of time: until when, if it ended before the run did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// When it began.
    pub begin: SimTime,
    /// When it ended.
    pub end: Option<SimTime>,
}

/// What one node went through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeLane {
    /// The node.
    pub name: String,
    /// When it was down.
    pub down: Vec<Span>,
    /// When it stood still.
    pub paused: Vec<Span>,
    /// For each time bin: how many requests waited at most.
    pub queue: Vec<u32>,
}

/// What one layer of a stack was up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerLane {
    /// Whose, in words: `shoppers -> checkout Breaker`.
    pub name: String,
    /// How many memories were in another state than the ordinary one, from each instant on: open or half open breakers, replicas left alone.
    pub steps: Vec<(SimTime, Unusual)>,
}

/// How many memories of a layer are in a state that is not the ordinary one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unusual {
    /// Breakers that let nothing through, and replicas that are left alone.
    pub closed_off: u32,
    /// Breakers that let a few through to find out.
    pub half_open: u32,
}

/// What is seen of a run while it goes on.
#[derive(Debug)]
pub struct Lanes {
    bin: SimDuration,
    horizon: SimDuration,
    nodes: Vec<Lane>,
    /// What waits, and where.
    waiting: BTreeMap<(u64, u32, u32), NodeId>,
    layers: BTreeMap<(u32, u32), Vec<(SimTime, Unusual)>>,
    /// Breakers by edge, layer and scope that are not closed.
    breakers: BTreeMap<(u32, u32, u32), State>,
}

#[derive(Clone, Debug, Default)]
struct Lane {
    down: Vec<Span>,
    paused: Vec<Span>,
    waiting: u32,
    queue: Vec<u32>,
}

impl Lanes {
    /// Nothing seen yet of a run of this plan.
    pub fn new(plan: &Plan) -> Self {
        let clockwork = plan.clockwork;
        Self {
            bin: clockwork.bin,
            horizon: clockwork.horizon,
            nodes: vec![Lane::default(); plan.nodes.len()],
            waiting: BTreeMap::new(),
            layers: BTreeMap::new(),
            breakers: BTreeMap::new(),
        }
    }

    /// Takes note of what concerns it.
    pub fn see(&mut self, at: SimTime, record: &Record) {
        match record {
            Record::Queued(attempt, node) => {
                let is_new = self.waiting.insert(request(attempt), *node).is_none();
                self.waits(*node, at, i64::from(is_new));
            }
            Record::Started(attempt, _) | Record::Answered(attempt, ..) | Record::Discarded(attempt, _) => {
                if let Some(node) = self.waiting.remove(&request(attempt)) {
                    self.waits(node, at, -1);
                }
            }
            Record::NodeDied(node) => {
                self.waiting.retain(|_, there| there != node);
                let waiting = self.nodes[node.index()].waiting;
                self.waits(*node, at, -i64::from(waiting));
                // Who stood still lies dead now: whoever comes back under a pause is told to stand still anew.
                end(&mut self.nodes[node.index()].paused, at);
                self.nodes[node.index()].down.push(Span { begin: at, end: None });
            }
            Record::NodeReturned(node) => end(&mut self.nodes[node.index()].down, at),
            Record::NodePaused(node) => self.nodes[node.index()].paused.push(Span { begin: at, end: None }),
            Record::NodeResumed(node) => end(&mut self.nodes[node.index()].paused, at),
            Record::Shifted(shift) => self.shifts(at, shift),
            _ => {}
        }
    }

    fn waits(&mut self, node: NodeId, at: SimTime, change: i64) {
        let lane = &mut self.nodes[node.index()];
        if at.since_start() >= self.horizon {
            return;
        }
        lane.reach((at.since_start() / self.bin) as usize);
        lane.waiting = (i64::from(lane.waiting) + change).max(0) as u32;
        if let Some(peak) = lane.queue.last_mut() {
            *peak = (*peak).max(lane.waiting);
        }
    }

    fn shifts(&mut self, at: SimTime, shift: &ShiftAt) {
        let (edge, scope) = ((shift.edge.index() as u32, shift.layer), (shift.edge.index() as u32, shift.layer, shift.scope));
        let steps = self.layers.entry(edge).or_default();
        let mut now = steps.last().map_or_else(Unusual::default, |(_, unusual)| *unusual);
        match shift.shift {
            Shift::Ejected(_) => now.closed_off += 1,
            Shift::Returned(_) => now.closed_off = now.closed_off.saturating_sub(1),
            Shift::Breaker(state) => {
                match self.breakers.insert(scope, state) {
                    Some(State::Open) => now.closed_off = now.closed_off.saturating_sub(1),
                    Some(State::HalfOpen) => now.half_open = now.half_open.saturating_sub(1),
                    Some(State::Closed) | None => {}
                }
                match state {
                    State::Open => now.closed_off += 1,
                    State::HalfOpen => now.half_open += 1,
                    State::Closed => {}
                }
            }
        }
        steps.push((at, now));
    }

    /// The lanes of the servers, in the order of the scenario.
    pub fn nodes(&self, plan: &Plan) -> Vec<NodeLane> {
        let bins = self.horizon.as_nanos().div_ceil(self.bin.as_nanos()) as usize;
        let is_server = |role: &Role| !matches!(role, Role::Clients(_));
        let servers = plan.nodes.iter().zip(&self.nodes).filter(|(node, _)| is_server(&node.role));
        let lane = |(node, lane): (&models::plan::NodePlan, &Lane)| {
            let mut lane = lane.clone();
            if bins > 0 {
                lane.reach(bins - 1);
            }
            NodeLane { name: node.name.clone(), down: lane.down, paused: lane.paused, queue: lane.queue }
        };
        servers.map(lane).collect()
    }

    /// The lanes of layers whose state ever changed.
    pub fn layers(&self, plan: &Plan) -> Vec<LayerLane> {
        let name = |edge: u32, layer: u32| {
            let edge = &plan.edges[edge as usize];
            format!("{}, {}", edge.name, edge.stack[layer as usize].name())
        };
        self.layers.iter().map(|(&(edge, layer), steps)| LayerLane { name: name(edge, layer), steps: steps.clone() }).collect()
    }
}

impl Lane {
    /// Goes on to a bin: what waited still waits in those between.
    fn reach(&mut self, bin: usize) {
        if self.queue.len() <= bin {
            self.queue.resize(bin + 1, self.waiting);
        }
    }
}

fn end(spans: &mut [Span], at: SimTime) {
    if let Some(last) = spans.last_mut().filter(|span| span.end.is_none()) {
        last.end = Some(at);
    }
}

fn request(attempt: &AttemptName) -> (u64, u32, u32) {
    (attempt.call.key.bits(), attempt.number, attempt.copy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::run;
    use crate::text::Source;
    use crate::{Extent, read};
    use sim_core::observe::Observer;
    use sim_core::simulation::TieBreak;

    fn seen(faults: &str, stack: &str) -> (Lanes, std::sync::Arc<Plan>) {
        let text = format!(
            r#"(schema: 1, name: "x", horizon: "60s", nodes: {{
                "people": Clients(count: 20, arrivals: Poisson(rate: "80/s"), calls: "shop"),
                "shop": Service(replicas: 2, workers: 1, demand: Constant("10ms")) }},
                faults: [{faults}], stacks: {{ "people -> shop": [{stack}] }})"#
        );
        let scenario = read(Source::new("x.ron", &text), "x.ron", &[], Extent::Grid)
            .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
        let arm = &scenario.cells[0].arms[0];
        let plan = arm.of_run(1);
        let mut lanes = Lanes::new(&plan);
        let mut observer = |at: SimTime, record: &Record| lanes.see(at, record);
        run(arm, 1, TieBreak::ByRank, Some(&mut observer as &mut dyn Observer<Record>));
        (lanes, plan)
    }

    #[test]
    fn a_node_is_down_from_its_crash_to_its_return_and_nobody_waits_there_meanwhile() {
        let (lanes, plan) = seen(r#"Crash(node: "shop[1]", at: "20s", lasts: "10s")"#, "Timeout(\"1s\")");
        let nodes = lanes.nodes(&plan);
        assert_eq!(nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(), ["shop[0]", "shop[1]"]);
        let at = |secs: u64| SimTime::ZERO + SimDuration::from_secs(secs);
        assert_eq!((nodes[0].down.len(), &nodes[1].down[..]), (0, &[Span { begin: at(20), end: Some(at(30)) }][..]));
        for node in &nodes {
            assert_eq!(node.queue.len(), 60, "one for each second");
            assert!(node.queue[..20].iter().any(|waiting| *waiting > 0), "a worker of 100/s that is asked 40/s lets some wait");
        }
        assert!(nodes[1].queue[21..30].iter().all(|waiting| *waiting == 0), "{:?}", nodes[1].queue);
    }

    #[test]
    fn a_queue_that_grows_is_carried_from_bin_to_bin() {
        let (lanes, plan) = seen(r#"SlowNode(node: "shop", factor: 50, at: "10s", lasts: "20s")"#, "Timeout(\"100s\")");
        let queue = &lanes.nodes(&plan)[0].queue;
        assert!(queue[..10].iter().all(|waiting| *waiting < 50) && queue[29] > 500, "{queue:?}");
        assert!(queue[15..30].is_sorted(), "it only grows while almost nothing is done: {queue:?}");
    }

    #[test]
    fn breakers_that_open_and_close_add_up_to_none() {
        let breaker = "Breaker(ConsecutiveFailures(failures: 3, open_for: \"2s\"))";
        let (lanes, plan) = seen(r#"Crash(node: "shop", at: "20s", lasts: "10s")"#, &format!("{breaker}, Timeout(\"500ms\")"));
        let layers = lanes.layers(&plan);
        assert_eq!(layers.len(), 1);
        assert!(layers[0].name.starts_with("people -> shop"), "{}", layers[0].name);
        assert!(
            layers[0].steps.iter().any(|(_, unusual)| unusual.closed_off > 0)
                && layers[0].steps.iter().any(|(_, unusual)| unusual.half_open > 0)
        );
        assert_eq!(layers[0].steps.last().map(|(_, unusual)| *unusual), Some(Unusual::default()));
    }
}
