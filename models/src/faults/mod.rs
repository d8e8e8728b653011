//! What can go wrong? One file per fault.
//!
//! A fault is planned misfortune: it says whom it strikes (its *members*) and which effects it has on each. When it
//! strikes is said by the [`Timing`] that stands beside its own fields, and is the same for all of them. Faults never undo
//! anything: the environment keeps the ledger of effects that are on, and derives the state of the world from it.
//!
//! A new fault is one file and two lines here. Most are a composition of effects that exist; a new kind of effect also
//! widens `environment/`.

mod alike;
mod bad_deploy;
mod bad_link;
mod budget;
mod byzantine;
mod capacity_loss;
mod clock_drift;
mod clock_step;
mod cold_cache;
mod corrupt_disk;
mod crash;
mod cut;
mod disk_full;
mod disk_slow;
mod disk_stall;
mod drain;
mod emergency_lever;
mod errors;
mod experiment;
mod expired_certificate;
mod explanation;
mod family;
mod fault_plan;
mod flag_rollout;
mod flapping;
mod hot_replica;
mod isolation;
mod late_answers;
mod load_spike;
mod lost_writes;
mod misconfiguration;
mod misdirected_writes;
mod omission;
mod partition;
mod pause;
mod periodic_job;
mod planned;
mod pool_exhausted;
mod queue_filled;
mod renewal;
mod rolling_restart;
mod rollout;
mod shares;
mod slow_node;
mod stolen_cpu;
mod storm;
mod strike;
mod swizzle;
pub mod target;
mod thundering_herd;
mod timing;
mod trigger;
mod twins;
mod workers_exhausted;

pub use bad_deploy::BadDeploy;
pub use bad_link::BadLink;
pub use byzantine::{Byzantine, Conduct};
pub use capacity_loss::CapacityLoss;
pub use clock_drift::ClockDrift;
pub use clock_step::ClockStep;
pub use cold_cache::ColdCache;
pub use corrupt_disk::CorruptDisk;
pub use crash::{Crash, WhileDown};
pub use cut::Cut;
pub use disk_full::DiskFull;
pub use disk_slow::DiskSlow;
pub use disk_stall::DiskStall;
pub use drain::Drain;
pub use emergency_lever::EmergencyLever;
pub use errors::Errors;
pub use experiment::{Claim, Experiment};
pub use expired_certificate::ExpiredCertificate;
pub use explanation::{Explanation, Parameter, TIMING, parameter};
pub use family::Family;
pub(crate) use fault_plan::plans;
pub use fault_plan::{FaultPlan, MOST_STRIKES};
pub use flag_rollout::FlagRollout;
pub use flapping::FlappingLink;
pub use hot_replica::HotReplica;
pub use isolation::{Isolation, Shape};
pub use late_answers::LateAnswers;
pub use load_spike::LoadSpike;
pub use lost_writes::LostWrites;
pub use misconfiguration::Misconfiguration;
pub use misdirected_writes::MisdirectedWrites;
pub use omission::Omission;
pub use partition::Partition;
pub use pause::Pause;
pub use periodic_job::PeriodicJob;
pub use planned::PlannedFault;
pub use pool_exhausted::PoolExhausted;
pub use queue_filled::QueueFilled;
pub use rolling_restart::RollingRestart;
pub use slow_node::SlowNode;
pub use stolen_cpu::StolenCpu;
pub use storm::{Storm, StormPlan};
pub use strike::{Luck, Member, Span, Stretch, Strike, Timetable};
pub use swizzle::Swizzle;
pub use target::Names;
pub use thundering_herd::ThunderingHerd;
pub use timing::{Pick, Renewal, Timing};
pub(crate) use trigger::Happening;
pub use trigger::Trigger;
pub use twins::{Start, Twins};
pub use workers_exhausted::WorkersExhausted;

use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint, registry};
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// A planned misfortune.
pub trait Fault: Registered + Clone {
    /// What it says of itself.
    const EXPLANATION: Explanation;

    /// Whom it strikes, and what it does to each.
    ///
    /// # Errors
    /// Complaints about names that name nothing.
    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>>;

    /// How the effects on a member run over a strike that lasts so long: all of them from begin to end, unless the fault says otherwise.
    fn course(&self, member: &Member, lasts: Option<SimDuration>, luck: Luck<'_>) -> Vec<Span> {
        let _ = luck;
        vec![Span { from: SimDuration::ZERO, until: lasts, effects: member.effects.clone() }]
    }

    /// The same fault at a share of its strength, for storms: itself if it has no strength.
    #[must_use]
    fn weakened(&self, strength: Share) -> Self {
        let _ = strength;
        self.clone()
    }

    /// How long a strike lasts that is over by itself and takes no `lasts`; `None` for one that lasts as long as is written.
    fn lasts_by_itself(&self) -> Option<SimDuration> {
        None
    }

    /// How long after the first replica one gets back what it had, if it lost that so long after the first; the same pace unless the fault says
    /// otherwise.
    fn back_after(&self, reached: SimDuration) -> SimDuration {
        reached
    }

    /// The ends of the way that it strikes, if it strikes one: domains or nodes, by name.
    fn ends(&self) -> Vec<String> {
        Vec::new()
    }

    /// What happens, in words, for traces and charts: `crash of server`.
    fn label(&self) -> String;

    /// Everything wrong with the numbers as written; the timing beside them is checked by itself.
    fn check(&self, timing: &Timing) -> Vec<Complaint> {
        let _ = timing;
        Vec::new()
    }
}

registry! {
    /// A fault, as a scenario writes it.
    AnyFault as "fault", each_fault:
    Crash, Pause, SlowNode, StolenCpu, Drain, RollingRestart,
    CapacityLoss, WorkersExhausted, QueueFilled, PoolExhausted, DiskSlow, DiskStall, DiskFull,
    CorruptDisk, LostWrites, MisdirectedWrites,
    ClockStep, ClockDrift,
    Cut, FlappingLink, BadLink, Partition, Isolation, Swizzle,
    Omission, LateAnswers, Byzantine, Twins,
    Errors, BadDeploy, Misconfiguration, ExpiredCertificate, EmergencyLever, FlagRollout, ColdCache,
    LoadSpike, ThunderingHerd, HotReplica, PeriodicJob,
}

impl AnyFault {
    /// What every fault says of itself, by name, in the order of the list.
    pub fn explanations() -> Vec<(&'static str, &'static str, Explanation)> {
        each_fault!(Kind in all => (Kind::NAME, Kind::SUMMARY, Kind::EXPLANATION))
    }

    /// See [`Fault::members`].
    ///
    /// # Errors
    /// Complaints about names that name nothing.
    pub fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        each_fault!(self, fault => fault.members(places))
    }

    /// See [`Fault::course`].
    pub fn course(&self, member: &Member, lasts: Option<SimDuration>, luck: Luck<'_>) -> Vec<Span> {
        each_fault!(self, fault => fault.course(member, lasts, luck))
    }

    /// See [`Fault::weakened`].
    #[must_use]
    pub fn weakened(&self, strength: Share) -> Self {
        each_fault!(self, fault => fault.weakened(strength).into())
    }

    /// See [`Fault::lasts_by_itself`].
    pub fn lasts_by_itself(&self) -> Option<SimDuration> {
        each_fault!(self, fault => fault.lasts_by_itself())
    }

    /// See [`Fault::back_after`].
    pub fn back_after(&self, reached: SimDuration) -> SimDuration {
        each_fault!(self, fault => fault.back_after(reached))
    }

    /// Whether it goes out to replicas one after another, so that a pipeline may take it back.
    pub const fn is_deploy(&self) -> bool {
        match self {
            Self::BadDeploy(_) | Self::FlagRollout(_) => true,
            Self::EmergencyLever(lever) => lever.rollout.is_some(),
            _ => false,
        }
    }

    /// See [`Fault::ends`].
    pub fn ends(&self) -> Vec<String> {
        each_fault!(self, fault => fault.ends())
    }

    /// Whether it lets nodes repeat what they said before.
    pub const fn repeats(&self) -> bool {
        matches!(self, Self::Byzantine(Byzantine { conduct: Conduct::Replay(_), .. }))
    }

    /// See [`Fault::label`].
    pub fn label(&self) -> String {
        each_fault!(self, fault => fault.label())
    }

    /// See [`Fault::check`].
    pub fn check(&self, timing: &Timing) -> Vec<Complaint> {
        each_fault!(self, fault => fault.check(timing))
    }
}

impl PlannedFault {
    /// Everything wrong with the fault and its timing as written.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = self.fault.check(&self.timing);
        match self.fault.lasts_by_itself() {
            Some(_) if self.timing.lasts.is_some() => {
                complaints.push(complaint("lasts", "this fault is over by itself; leave `lasts` out"));
            }
            // What comes again needs an end, and has one.
            Some(itself) => complaints.extend(Timing { lasts: self.timing.every.map(|_| itself), ..self.timing.clone() }.check()),
            None => complaints.extend(self.timing.check()),
        }
        complaints
    }
}
