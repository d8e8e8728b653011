//! How is one run made?

use crate::scenario::ArmPlan;
use models::measure::{Bin, Gauge, RunMeasures};
use models::protocols::{Listener, Nobody, Protocol};
use models::record::Record;
use models::world::World;
use sim_core::draw::Seed;
use sim_core::observe::{Digest, Observer};
use sim_core::simulation::{Simulation, Stop, TieBreak};
use sim_core::time::SimTime;

/// A run that makes more events than this is taken to be one that never ends.
pub const MOST_EVENTS: u64 = 20_000_000_000;

/// What a run leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its numbers.
    pub measures: RunMeasures,
    /// Its series, bin by bin.
    pub bins: Vec<Bin>,
    /// What its layers showed over time.
    pub gauges: Vec<Gauge>,
    /// Fingerprint of everything observable in it.
    pub digest: Digest,
}

/// Makes one run of an arm.
pub fn run(arm: &ArmPlan, seed: u64, ties: TieBreak, observer: Option<&mut dyn Observer<Record>>) -> Run {
    // The only choice between protocols: once per run, at the door.
    let door = Door { arm, seed, ties, observer };
    match &arm.group {
        None => door.hear(Nobody),
        Some(group) => group.speak(door),
    }
}

/// A run that waits to be told which protocol its group speaks.
struct Door<'a, 'o> {
    arm: &'a ArmPlan,
    seed: u64,
    ties: TieBreak,
    observer: Option<&'o mut dyn Observer<Record>>,
}

impl Listener for Door<'_, '_> {
    type Heard = Run;

    fn hear<P: Protocol>(self, protocol: P) -> Run {
        run_with(self.arm, protocol, self.seed, self.ties, self.observer)
    }
}

fn run_with<P: Protocol>(arm: &ArmPlan, protocol: P, seed: u64, ties: TieBreak, mut observer: Option<&mut dyn Observer<Record>>) -> Run {
    let times = arm.plan.clockwork;
    let mut simulation = World::start(arm.of_run(seed), protocol, Seed::new(seed), ties);
    let horizon = SimTime::ZERO + times.horizon;
    let end = horizon.saturating_add(times.drain);
    let mut go_on = |simulation: &mut Simulation<World<P>>, until: SimTime| {
        let watcher = observer.as_mut().map(|observer| &mut **observer as &mut dyn Observer<Record>);
        let stop = simulation.run_until(until, MOST_EVENTS.saturating_sub(simulation.events()), watcher);
        assert!(stop != Stop::TooManyEvents, "a run made more than {MOST_EVENTS} events");
        stop
    };
    let measured_from = horizon.min(SimTime::ZERO + times.warm_up);
    go_on(&mut simulation, measured_from);
    simulation.intervene(|world, _| world.averages_begin(measured_from));
    let mut stop = go_on(&mut simulation, horizon);
    simulation.intervene(|world, _| world.averages_end(horizon));
    // After the horizon the run goes on, bin by bin, until every call is decided or the drain is over.
    let mut until = horizon;
    while stop != Stop::Finished && until < end && simulation.model().open_calls() > 0 {
        until = until.saturating_add(times.bin).min(end);
        stop = go_on(&mut simulation, until);
    }
    let (digest, events, ended) = (simulation.digest(), simulation.events(), simulation.now());
    let (measures, bins, gauges) = simulation.into_model().into_meter().finish(ended, events);
    Run { measures, bins, gauges, digest }
}
