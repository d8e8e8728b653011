//! How many messages a second get through brokers, and what stops the others?
//!
//! Every subscriber of a topic, and every rule of a router for its classes, gets a copy of what is stored. A rule passes on so many at its pace,
//! or as many as may be under way while each takes its round trip; pollers fetch a batch, work on it, delete it, and ask again. Each
//! message is counted once: dead letters and further tries are not.

use super::flow::{System, mean_over};
use models::brokers::{ConsumerPlan, PushPlan};
use sim_core::time::SimDuration;

/// What can be taken from a backlog at most.
pub(super) struct Takes {
    /// Messages per second.
    pub(super) rate: f64,
    /// Why, in words.
    pub(super) arithmetic: String,
}

impl System<'_> {
    /// The edges over which the messages of a broker go on.
    pub(super) fn goes_on_over(&self, broker: usize) -> Vec<usize> {
        let backlogs = self.plan.brokers[broker].backlogs.clone();
        let over = |backlog: u32| match &self.plan.backlogs[backlog as usize].push {
            Some(push) => vec![push.edge.index()],
            None => self.consumers(backlog).map(|consumer| consumer.deliveries.index()).collect(),
        };
        backlogs.flat_map(over).collect()
    }

    fn consumers(&self, backlog: u32) -> impl Iterator<Item = &ConsumerPlan> {
        self.plan.consumers.iter().filter(move |consumer| consumer.backlog == backlog)
    }

    /// Messages that get into a broker go on, as far as they are taken.
    pub(super) fn let_through(&mut self, broker: usize) {
        let plan = &self.plan.brokers[broker];
        let service = self.plan.services.iter().position(|service| service.broker == Some(broker as u32));
        let service = service.expect("a broker is a service to those who call it");
        let load = self.load(service).max(1.0);
        let stored: Vec<f64> = self.rate[service].iter().map(|rate| rate / load).collect();
        for backlog in plan.backlogs.clone() {
            let of = &self.plan.backlogs[backlog as usize];
            let wants = |class: usize| of.classes.is_empty() || of.classes.contains(&(class as u8));
            let come: Vec<f64> = stored.iter().enumerate().map(|(class, rate)| if wants(class) { *rate } else { 0.0 }).collect();
            self.kept[backlog as usize] = come;
            if let Some(push) = &of.push {
                self.go_on(push.edge.index(), backlog, self.pushed(backlog, push).rate, push.completes);
                continue;
            }
            // Of those who fetch from one queue each gets as much as it can take beside the others.
            let takes: Vec<(usize, f64)> =
                self.consumers(backlog).map(|consumer| (consumer.deliveries.index(), self.fetched(backlog, consumer).rate)).collect();
            let (all, come): (f64, f64) = (takes.iter().map(|(_, rate)| rate).sum(), self.kept[backlog as usize].iter().sum());
            for (edge, rate) in takes {
                self.go_on(edge, backlog, rate.min(come * rate / all), true);
            }
        }
    }

    /// Messages of a backlog go on over an edge, no more than so many a second.
    fn go_on(&mut self, edge: usize, backlog: u32, most: f64, completes: bool) {
        let come: f64 = self.kept[backlog as usize].iter().sum();
        if come == 0.0 {
            return;
        }
        let share = (most / come).min(1.0);
        let rates: Vec<f64> = self.kept[backlog as usize].iter().map(|rate| rate * share).collect();
        // Nobody waits at a broker for what comes of a message, so that tries do not multiply beyond it.
        self.follow(edge, &[], &rates);
        if let Some(callee) = self.ends(edge).1.filter(|_| completes) {
            self.messages[callee] += come * share;
        }
    }

    /// What a broker passes on to a target at most.
    pub(super) fn pushed(&self, backlog: u32, push: &PushPlan) -> Takes {
        let trip = mean_over(&self.kept[backlog as usize], |class| self.round_trip(push.edge.index(), class)).max(SimDuration::NANOSECOND);
        let (at_once, pace) = (f64::from(push.at_once) / trip.as_secs_f64(), push.interval.as_secs_f64().recip());
        if pace < at_once {
            return Takes { rate: pace, arithmetic: format!("its rule has a rate of {}/s", super::findings::short(pace)) };
        }
        let arithmetic = format!("{} at once, each for {trip}, are {}", push.at_once, super::findings::short(at_once));
        Takes { rate: at_once, arithmetic }
    }

    /// What a service fetches from a queue at most, with batches that are always full and worked on all at once.
    pub(super) fn fetched(&self, backlog: u32, consumer: &ConsumerPlan) -> Takes {
        let service = &self.plan.services[consumer.service as usize];
        let broker = self.ends(consumer.polls.index()).1.expect("a queue is a service to those who poll it");
        let request = self.way_of(consumer.polls.index()).saturating_add(self.plan.services[broker].demand.mean());
        let work = mean_over(&self.kept[backlog as usize], |class| self.round_trip(consumer.deliveries.index(), class));
        let cycle = request.saturating_add(work).saturating_add(request).max(SimDuration::NANOSECOND);
        let pollers = u64::from(service.replicas) * u64::from(consumer.pollers);
        let rate = pollers as f64 * f64::from(consumer.batch) / cycle.as_secs_f64();
        let batch = if consumer.batch > 1 { format!("{} messages", consumer.batch) } else { "a message".to_owned() };
        let words = if pollers == 1 { "poller" } else { "pollers" };
        let arithmetic = format!("{pollers} {words} of `{}`, each {batch} in {cycle}, take {}", service.name, super::findings::short(rate));
        Takes { rate, arithmetic }
    }

    /// What is taken from a backlog at most, if anybody takes anything: with the node that says so, and why.
    pub(super) fn taken_from(&self, backlog: u32) -> Option<(Takes, &str)> {
        let of = &self.plan.backlogs[backlog as usize];
        if let Some(push) = &of.push {
            return Some((self.pushed(backlog, push), self.plan.brokers[of.broker as usize].name.as_str()));
        }
        let all: Vec<Takes> = self.consumers(backlog).map(|consumer| self.fetched(backlog, consumer)).collect();
        let first = self.consumers(backlog).next()?;
        let rate = all.iter().map(|takes| takes.rate).sum();
        let arithmetic = all.into_iter().map(|takes| takes.arithmetic).collect::<Vec<_>>().join(", and ");
        Some((Takes { rate, arithmetic }, self.plan.services[first.service as usize].name.as_str()))
    }
}
