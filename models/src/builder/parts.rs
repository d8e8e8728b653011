//! What is wrong with the parts of a system, each taken by itself, and with its times?

use super::{Builder, quoted};
use crate::plan::Clockwork;
use crate::registry::{complaint, within};
use sim_core::time::SimDuration;

/// At most so many time bins in a run.
const MOST_BINS: u64 = 1_000_000;

/// At most so many clients and server nodes in one system: their numbers are 32 bits.
const MOST_CLIENTS: u64 = 100_000_000;

impl Builder<'_> {
    /// What every part says of its own numbers.
    pub(super) fn check_parts(&mut self) {
        let spec = self.spec;
        let node = |name: &str| format!("nodes.{}", quoted(name));
        let mut all = Vec::new();
        for (name, clients) in &spec.clients {
            all.extend(within(&node(name), clients.check()));
        }
        for (name, service) in &spec.services {
            all.extend(within(&node(name), service.check()));
        }
        for (name, broker) in &spec.brokers {
            all.extend(within(&node(name), broker.check()));
        }
        for (index, link) in spec.links.iter().enumerate() {
            all.extend(within(&format!("links[{index}]"), link.check()));
        }
        for (index, fault) in spec.faults.iter().enumerate() {
            all.extend(within(&format!("faults[{index}]"), fault.check()));
        }
        if let Some(storm) = &spec.storm {
            all.extend(within("storm", storm.check(&spec.faults, spec.clockwork.horizon)));
        }
        if let Some(experiment) = &spec.experiment {
            all.extend(experiment.check(&spec.faults, spec.storm.as_ref(), &spec.clockwork));
        }
        for (edge, stack) in &spec.stacks {
            for (index, layer) in stack.iter().enumerate() {
                all.extend(within(&format!("stacks.{}[{index}]", quoted(edge)), layer.check()));
            }
            if stack.len() > 32 {
                all.push(complaint(&format!("stacks.{}", quoted(edge)), "a stack has at most 32 layers"));
            }
        }
        for (name, group) in &spec.groups {
            all.extend(within(&format!("groups.{}", quoted(name)), group.check()));
        }
        for (name, clock) in &spec.clocks {
            all.extend(within(&format!("clocks.{}", quoted(name)), clock.check()));
        }
        if spec.groups.len() > 1 {
            all.push(complaint("groups", "a scenario has at most one group"));
        }
        let clients: u64 = spec.clients.iter().map(|(_, clients)| u64::from(clients.count)).sum();
        if clients > MOST_CLIENTS {
            all.push(complaint("nodes", format!("{clients} clients are more than a run can hold ({MOST_CLIENTS})")));
        }
        if !spec.clients.is_empty() && spec.clients.iter().all(|(_, clients)| clients.synthetic) {
            all.push(complaint(
                "nodes",
                "nobody is a user: synthetic clients only show how users fare; add a population that is not synthetic",
            ));
        }
        if spec.clients.is_empty() {
            all.push(complaint("nodes", "nobody calls anything; add a population such as \"shoppers\": Clients(...)"));
        }
        self.complaints = all;
    }

    pub(super) fn check_clockwork(&mut self, times: &Clockwork) {
        let mut complain = |field: &str, message: String| self.complaints.push(complaint(field, message));
        let longest = SimDuration::from_secs(366 * 86_400);
        if times.horizon.is_zero() {
            complain("horizon", "a run needs time; write a horizon such as \"5m\"".to_owned());
        }
        for (field, length) in [("horizon", times.horizon), ("drain", times.drain)] {
            if length > longest {
                complain(field, format!("{length} is longer than a run may take; the longest is 366d"));
            }
        }
        if times.warm_up >= times.horizon && !times.horizon.is_zero() {
            complain(
                "warm_up",
                format!("the warm-up ({}) leaves nothing to measure before the horizon ({})", times.warm_up, times.horizon),
            );
        }
        let bins = times.horizon.as_nanos() / times.bin.as_nanos().max(1);
        if times.bin.is_zero() {
            complain("bin", "a time bin needs a width; write a bin such as \"1s\"".to_owned());
        } else if times.horizon <= longest && bins > MOST_BINS {
            let least = SimDuration::from_nanos(times.horizon.as_nanos().div_ceil(MOST_BINS));
            let sentence = format!("a horizon of {} is {bins} bins of {}, and {MOST_BINS} are the most", times.horizon, times.bin);
            complain("bin", format!("{sentence}; shorten the horizon, or write a `bin` of at least {least}"));
        } else if times.hold < times.bin || !(times.hold % times.bin).is_zero() {
            complain("hold", format!("the hold time ({}) must be a whole number of bins ({})", times.hold, times.bin));
        }
    }
}
