//! Where do events come from, as often as they are asked for?

use crate::run::run;
use crate::scenario::ArmPlan;
use crate::trace::{Follower, Header, Seen, TRACE_FORMAT, TraceEvent, Unreadable, fault, read_lines};
use camino::{Utf8Path, Utf8PathBuf};
use models::environment::Effect;
use models::ids::FaultId;
use models::plan::Plan;
use models::record::Record;
use sim_core::observe::Observer;
use sim_core::simulation::TieBreak;
use std::collections::BTreeSet;
use std::fmt;
use std::io::BufReader;

/// Why a source has no events.
#[derive(Debug)]
pub enum SourceError {
    /// A run that would never have come to its end.
    Stalled(String),
    /// A file.
    Unreadable(Utf8PathBuf, Unreadable),
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stalled(why) => write!(f, "the run was stopped: {why}"),
            Self::Unreadable(path, Unreadable::File(error)) => {
                write!(f, "cannot read the trace {path}: {error}; `stormglass run SCENARIO --trace {path}` writes one")
            }
            Self::Unreadable(path, why) => write!(f, "cannot read the trace {path}: {why}"),
        }
    }
}

/// Something that can tell its events again and again.
pub trait Source {
    /// What it is.
    fn header(&self) -> &Header;

    /// Tells all events, in order.
    ///
    /// # Errors
    /// If there are none to be had.
    fn tell(&self, visit: &mut dyn FnMut(&TraceEvent<'_>)) -> Result<(), SourceError>;

    /// The names of faults that cut off messages, as far as that is known: a trace in a file does not say.
    fn cutting(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }
}

/// A run, made again whenever it is asked for.
pub struct RunSource<'s> {
    header: Header,
    arm: &'s ArmPlan,
}

impl<'s> RunSource<'s> {
    /// The run of an arm under a seed.
    pub fn new(scenario: &str, name: &str, arm: &'s ArmPlan, seed: u64) -> Self {
        let nodes = arm.plan.nodes.iter().map(|node| node.name.clone()).collect();
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let header = Header { trace: TRACE_FORMAT, version, scenario: scenario.to_owned(), arm: name.to_owned(), seed, nodes, only: None };
        Self { header, arm }
    }
}

impl Source for RunSource<'_> {
    fn header(&self) -> &Header {
        &self.header
    }

    fn tell(&self, visit: &mut dyn FnMut(&TraceEvent<'_>)) -> Result<(), SourceError> {
        let plan = self.arm.of_run(self.header.seed);
        let mut follower = Follower::new(plan, |plan: &Plan, seen: &Seen| visit(&TraceEvent::of(plan, seen)));
        let made = run(self.arm, self.header.seed, TieBreak::ByRank, Some(&mut follower as &mut dyn Observer<Record>));
        made.stalled.map_or(Ok(()), |stalled| Err(SourceError::Stalled(stalled.to_string())))
    }

    fn cutting(&self) -> BTreeSet<String> {
        let plan = self.arm.of_run(self.header.seed);
        let cuts = |(id, member): &(FaultId, usize)| plan.faults[id.index()].members[*member].effects.iter().any(Effect::cuts);
        let members = (0..).map(FaultId).zip(&plan.faults).flat_map(|(id, fault)| (0..fault.members.len()).map(move |member| (id, member)));
        // What strikes all its members at once is called by its own name.
        members.filter(cuts).flat_map(|(id, member)| [None, Some(member as u32)].map(|member| fault(&plan, id, member))).collect()
    }
}

/// A trace in a file.
#[derive(Clone, Debug)]
pub struct FileSource {
    header: Header,
    path: Utf8PathBuf,
}

impl FileSource {
    /// The trace in this file.
    ///
    /// # Errors
    /// If it is none.
    pub fn open(path: &Utf8Path) -> Result<Self, SourceError> {
        let wrong = |why| SourceError::Unreadable(path.to_owned(), why);
        let file = fs_err::File::open(path).map_err(|error| wrong(Unreadable::File(error)))?;
        let (header, _) = read_lines(BufReader::new(file), |_, _| false).map_err(wrong)?;
        Ok(Self { header, path: path.to_owned() })
    }
}

impl Source for FileSource {
    fn header(&self) -> &Header {
        &self.header
    }

    fn tell(&self, visit: &mut dyn FnMut(&TraceEvent<'_>)) -> Result<(), SourceError> {
        let wrong = |why| SourceError::Unreadable(self.path.clone(), why);
        let file = fs_err::File::open(&self.path).map_err(|error| wrong(Unreadable::File(error)))?;
        let each = |_: &Header, event: TraceEvent<'_>| {
            visit(&event);
            true
        };
        read_lines(BufReader::new(file), each).map(|_| ()).map_err(wrong)
    }
}
