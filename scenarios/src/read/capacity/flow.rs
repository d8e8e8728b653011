//! How many requests and messages a second come where, and how long does each take?
//!
//! A system is a graph of calls and messages. First attempts of open load at its mean rate go down it, class by class, as far as they get
//! through: a service passes on no more than its workers can do, a broker no more than is fetched from it or taken by whom it calls.

use super::super::demands::{Asked, asked, part};
use models::ids::RouteId;
use models::plan::{Callee, INSIDE, Plan, PopulationPlan, Role};
use models::services::data::ReadsFrom;
use models::services::{Threads, UNLIMITED};
use models::strategies::WorstCase;
use models::workloads::ArrivalProcess;
use sim_core::sample::Sampler;
use sim_core::time::{SimDuration, SimTime};

/// A way to an edge from a population.
pub(super) type Way = Vec<Tries>;

/// An edge on a way, with the attempts that its stack may make of one; `None` where nothing limits them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tries {
    pub(super) edge: usize,
    /// All that its layers allow one call.
    pub(super) attempts: Option<u64>,
    /// Those that no budget limits.
    pub(super) unbudgeted: Option<u64>,
}

/// A system, seen as a graph of calls and messages.
pub(super) struct System<'p> {
    pub(super) plan: &'p Plan,
    /// For each service, and class: what a request asks for.
    pub(super) asked: Vec<Vec<Asked>>,
    /// For each service, and class: for how long a request is there on average, where nobody has to wait.
    time: Vec<Vec<SimDuration>>,
    /// For each service: how long all that it calls for a request may take one after the other, if all of it is limited.
    pub(super) below: Vec<Option<SimDuration>>,
    /// For each service, and class: requests and messages per second that open populations ask for, as far as they get through those between.
    pub(super) rate: Vec<Vec<f64>>,
    /// For each service: those of them that are messages.
    pub(super) messages: Vec<f64>,
    /// For each backlog, and class: messages per second that come there.
    pub(super) kept: Vec<Vec<f64>>,
    /// For each edge: the way to it from a population on which most attempts are made.
    pub(super) ways: Vec<Way>,
}

impl<'p> System<'p> {
    pub(super) fn of(plan: &'p Plan) -> Self {
        let (services, classes) = (plan.services.len(), plan.classes.len().max(1));
        let of_classes = |service| (0..classes).map(|class| asked(service, class as u8)).collect();
        let mut system = Self {
            plan,
            asked: plan.services.iter().map(of_classes).collect(),
            time: vec![vec![SimDuration::ZERO; classes]; services],
            below: vec![None; services],
            rate: vec![vec![0.0; classes]; services],
            messages: vec![0.0; services],
            kept: vec![vec![0.0; classes]; plan.backlogs.len()],
            ways: vec![Vec::new(); plan.edges.len()],
        };
        // No service waits for itself by way of others, so that each is looked at once, after those it calls. What comes back to where it
        // was by way of a broker is counted once.
        let order = system.callees_first();
        for &service in &order {
            for class in 0..classes {
                system.time[service][class] = system.time_at(service, class);
            }
            system.below[service] = system.below_of(service);
        }
        for population in &plan.populations {
            system.follow(population.edge.index(), &[], &rates(plan, population));
        }
        for &service in order.iter().rev() {
            match plan.services[service].broker {
                Some(broker) => system.let_through(broker as usize),
                None => system.call_on(service),
            }
        }
        system
    }

    /// For how long a request of a class is at a service on average, where nobody has to wait.
    fn time_at(&self, service: usize, class: usize) -> SimDuration {
        let asked = &self.asked[service][class];
        // Of calls at once the longest is waited for.
        let mean = |(share, calls): &(f64, Vec<usize>)| {
            part(calls.iter().map(|call| self.round_trip(*call, class)).max().unwrap_or_default(), *share)
        };
        asked.waits.iter().fold(asked.work, |sum, wait| sum.saturating_add(mean(wait)))
    }

    /// How long all that a service waits for may take, one after the other, whatever the class.
    fn below_of(&self, service: usize) -> Option<SimDuration> {
        let longest = |calls: &[usize]| {
            let times: Option<Vec<SimDuration>> = calls.iter().map(|call| self.worst(*call).time).collect();
            times?.into_iter().max()
        };
        // A request is of one class: what only others do does not come on top.
        let of_class = |class: usize| {
            let all: Option<Vec<SimDuration>> = self.waits(service, class).map(longest).collect();
            all.map(|all| all.into_iter().fold(SimDuration::ZERO, SimDuration::saturating_add))
        };
        let sums: Option<Vec<SimDuration>> = (0..self.asked[service].len()).map(of_class).collect();
        sums?.into_iter().max().filter(|sum| !sum.is_zero())
    }

    /// What is waited for at a service for requests of a class, one after the other: the edges that are called at once.
    pub(super) fn waits(&self, service: usize, class: usize) -> impl Iterator<Item = &[usize]> {
        self.asked[service][class].waits.iter().filter(|(share, _)| *share > 0.0).map(|(_, calls)| calls.as_slice())
    }

    /// The class for whose requests a service may wait longest.
    pub(super) fn slowest_class(&self, service: usize) -> usize {
        let longest = |class: &usize| {
            let worst =
                |calls: &[usize]| calls.iter().map(|call| self.worst(*call).time.unwrap_or(SimDuration::MAX)).max().unwrap_or_default();
            self.waits(service, *class).map(worst).fold(SimDuration::ZERO, SimDuration::saturating_add)
        };
        // Of equal ones the first.
        (0..self.asked[service].len()).rev().max_by_key(longest).unwrap_or_default()
    }

    /// Requests that get through a service make calls.
    fn call_on(&mut self, service: usize) {
        let load = self.load(service).max(1.0);
        let busiest = (0..self.plan.edges.len())
            .filter(|edge| self.ends(*edge).1 == Some(service))
            .max_by_key(|edge| super::findings::product(&self.ways[*edge], |tries| tries.attempts));
        let way = busiest.map_or_else(Vec::new, |edge| self.ways[edge].clone());
        // All classes have the same calls, by how much differs.
        for index in 0..self.asked[service][0].calls.len() {
            let call = self.asked[service][0].calls[index].0;
            let through = self.rate[service].iter().zip(&self.asked[service]).map(|(rate, asked)| rate / load * asked.calls[index].1);
            let through: Vec<f64> = through.collect();
            self.follow(call, &way, &through);
        }
    }

    /// So many calls a second of each class are made over an edge, on behalf of what came this way.
    pub(super) fn follow(&mut self, edge: usize, way: &[Tries], rates: &[f64]) {
        if let Some(callee) = self.ends(edge).1 {
            self.rate[callee].iter_mut().zip(rates).for_each(|(sum, rate)| *sum += rate);
        }
        let WorstCase { attempts, unbudgeted, .. } = WorstCase::of(&self.plan.edges[edge].stack, None);
        self.ways[edge] = way.iter().copied().chain([Tries { edge, attempts, unbudgeted }]).collect();
    }

    fn callees_first(&self) -> Vec<usize> {
        fn visit(system: &System<'_>, service: usize, seen: &mut [bool], order: &mut Vec<usize>) {
            if std::mem::replace(&mut seen[service], true) {
                return;
            }
            for edge in system.leads_to(service) {
                system.ends(edge).1.into_iter().for_each(|callee| visit(system, callee, seen, order));
            }
            order.push(service);
        }
        let (mut seen, mut order) = (vec![false; self.asked.len()], Vec::new());
        (0..self.asked.len()).for_each(|service| visit(self, service, &mut seen, &mut order));
        order
    }

    /// The edges over which requests, or messages, go on from a service.
    fn leads_to(&self, service: usize) -> Vec<usize> {
        match self.plan.services[service].broker {
            Some(broker) => self.goes_on_over(broker as usize),
            None => self.asked[service][0].calls.iter().map(|(call, _)| *call).collect(),
        }
    }

    /// The service that calls over an edge, if one does, and the one that is called, or that works on what it has fetched.
    pub(super) fn ends(&self, edge: usize) -> (Option<usize>, Option<usize>) {
        let edge = &self.plan.edges[edge];
        let caller = match self.plan.nodes[edge.caller.index()].role {
            Role::Replica(service) => Some(service as usize),
            Role::Clients(_) | Role::Member(_) => None,
        };
        let callee = match edge.callee {
            Callee::Service(service) | Callee::Own(service) => Some(service as usize),
            Callee::Group => None,
        };
        (caller, callee)
    }

    /// How long a call of a class takes on average, where nobody has to wait.
    pub(super) fn round_trip(&self, call: usize, class: usize) -> SimDuration {
        let way = self.way_of(call);
        let whole = self.ends(call).1.map_or(way, |callee| way.saturating_add(self.time[callee][class]));
        WorstCase::of(&self.plan.edges[call].stack, Some(whole)).time.map_or(whole, |longest| longest.min(whole))
    }

    /// How long request and answer travel over an edge.
    pub(super) fn way_of(&self, edge: usize) -> SimDuration {
        let ways = self.plan.edges[edge].routes.first().filter(|(_, (there, _))| *there != INSIDE);
        ways.map_or(SimDuration::ZERO, |(_, (there, back))| {
            let delay = |route| self.delay(route, Sampler::mean);
            delay(*there).saturating_add(delay(*back))
        })
    }

    /// How long request and answer travel over an edge at least, and how long its callee works at least before it answers.
    pub(super) fn least(&self, edge: usize) -> (SimDuration, SimDuration) {
        let travel = |(_, (there, back)): &((u32, u32), (RouteId, RouteId))| match *there {
            INSIDE => SimDuration::ZERO,
            _ => self.delay(*there, Sampler::least).saturating_add(self.delay(*back, Sampler::least)),
        };
        let ways = self.plan.edges[edge].routes.iter().map(travel).min();
        let works = |callee: usize| self.asked[callee].iter().map(|asked| asked.least).min().unwrap_or_default();
        (ways.unwrap_or_default(), self.ends(edge).1.map_or(SimDuration::ZERO, works))
    }

    /// How long a message travels over a route, where nothing is wrong with it.
    fn delay(&self, route: RouteId, of: impl Fn(&Sampler) -> SimDuration) -> SimDuration {
        let topology = &self.plan.topology;
        let legs = topology.route(route).legs().iter().filter_map(|leg| topology.lines()[leg.usual() as usize].delay());
        legs.fold(SimDuration::ZERO, |sum, delay| sum.saturating_add(of(delay)))
    }

    /// How long a request is at a service on average without holding what it queues for: while others work for it.
    pub(super) fn elsewhere(&self, service: usize) -> SimDuration {
        let whole = mean_over(&self.rate[service], |class| self.time[service][class]);
        whole.saturating_sub(self.needs(service).2)
    }

    /// What a call may come to at worst.
    pub(super) fn worst(&self, call: usize) -> WorstCase {
        WorstCase::of(&self.plan.edges[call].stack, self.ends(call).1.and_then(|callee| self.below[callee]))
    }

    /// The share of its workers, or of the cores that they share, that a service needs: whichever is more.
    pub(super) fn load(&self, service: usize) -> f64 {
        self.needs(service).0
    }

    /// The same, with what is needed, how long for each request, and how many of it a replica has.
    pub(super) fn needs(&self, service: usize) -> (f64, &'static str, SimDuration, u32) {
        let (plan, rates) = (&self.plan.services[service], &self.rate[service]);
        let rate: f64 = rates.iter().sum();
        let load = |time: SimDuration, count: u32| rate * time.as_secs_f64() / (self.serving(service) * f64::from(count));
        let work = self.work(service);
        let held = match plan.threads {
            Threads::Released => work,
            Threads::Held => mean_over(rates, |class| self.time[service][class]),
        };
        let of_workers = if plan.workers == UNLIMITED { 0.0 } else { load(held, plan.workers) };
        match plan.cores {
            Some(cores) if load(work, cores) > of_workers => (load(work, cores), "core", work, cores),
            _ => (of_workers, "worker", held, plan.workers),
        }
    }

    /// As many replicas as share the work evenly: all of them, unless some take writes and others do not. Then it is their number
    /// over the part of all work that comes to whoever has most of it to do.
    pub(super) fn serving(&self, service: usize) -> f64 {
        let (plan, rates) = (&self.plan.services[service], &self.rate[service]);
        let replicas = f64::from(plan.replicas);
        let Some((data, replication)) = plan.data.as_ref().and_then(|data| Some((data, data.replication.as_ref()?))) else {
            return replicas;
        };
        let (parts, writes) = (f64::from(replication.shards), data.written(rates));
        let (members, reads) = (replicas / parts, 1.0 - writes);
        let (primary, follower) = match replication.reads {
            ReadsFrom::Primary => (1.0, 0.0),
            ReadsFrom::Any => (writes + reads / members, reads / members),
            ReadsFrom::Followers if members <= 1.0 => (1.0, 0.0),
            ReadsFrom::Followers => (writes, reads / (members - 1.0)),
        };
        parts / primary.max(follower)
    }

    /// Work of a worker for a request, on average over those that come.
    pub(super) fn work(&self, service: usize) -> SimDuration {
        mean_over(&self.rate[service], |class| self.asked[service][class].work)
    }
}

/// The mean of lengths, one for each class that comes so often; exact if all that come are of one class.
pub(super) fn mean_over(rates: &[f64], length: impl Fn(usize) -> SimDuration) -> SimDuration {
    let come = || rates.iter().enumerate().filter(|(_, rate)| **rate > 0.0);
    if come().count() <= 1 {
        return length(come().next().map_or(0, |(class, _)| class));
    }
    if come().any(|(class, _)| length(class) == SimDuration::MAX) {
        return SimDuration::MAX;
    }
    let (sum, all) = come().fold((0.0, 0.0), |(sum, all), (class, rate)| (sum + rate * length(class).as_secs_f64(), all + rate));
    SimDuration::from_secs_f64(sum / all)
}

/// Calls a second of each class of an open population.
fn rates(plan: &Plan, population: &PopulationPlan) -> Vec<f64> {
    let rate = open_rate(&population.arrivals, plan);
    let share = |class: u8| population.classes.as_ref().map_or(f64::from(u8::from(class == 0)), |mix| mix.share(class));
    (0..plan.classes.len().max(1)).map(|class| rate * share(class as u8)).collect()
}

/// Calls a second of an open population; what closed and one-shot load asks for depends on the answers.
fn open_rate(arrivals: &ArrivalProcess, plan: &Plan) -> f64 {
    let clockwork = plan.clockwork;
    arrivals.mean_rate(SimTime::ZERO.saturating_add(clockwork.warm_up), SimTime::ZERO.saturating_add(clockwork.horizon)).unwrap_or(0.0)
}
