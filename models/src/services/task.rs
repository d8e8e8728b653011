//! What may a service do for a request, as a scenario writes it?
//!
//! Tasks are done in order of writing, and may hold others: a share of the requests, or those of some classes, do what others do
//! not; what fails may be made up for; several calls may be made at once. Own definitions. There are no loops.

use super::flag::Flag;
use super::saga::Saga;
use crate::registry::{Complaint, complaint, within};
use serde::{Deserialize, Serialize};
use sim_core::sample::Distribution;
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// At most so many tasks in the program of one service, those inside of others included.
const MOST_TASKS: usize = 100;

/// Tasks lie inside of each other at most so deep.
const DEEPEST: usize = 16;

/// At most so many calls are made at once for one request.
const MOST_BRANCHES: u64 = 1_000;

/// Something done for a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Task {
    /// A call to another service; if it fails, the request fails.
    Call(String),
    /// The request itself, passed on: a call, whose end is that of the request, whatever it was answered.
    Forward(String),
    /// Further work of a worker.
    Work(Distribution),
    /// Writing to the disk of the node, for which the worker waits; if the disk is full, the request fails.
    Write(Distribution),
    /// Several calls at once.
    Parallel(Parallel),
    /// A call for which nobody waits: the request goes on at once, and how the call ends touches nobody.
    Send(String),
    /// What is done for a share of the requests.
    Maybe(Maybe),
    /// What is done for requests of some classes.
    For(For),
    /// What is done for clients that have written lately.
    AfterOwnWrite(AfterOwnWrite),
    /// What is done where a flag is on.
    Flag(Flag),
    /// What may fail without the request failing.
    Try(Try),
    /// Calls whose effects are taken back one by one if a later one fails; if one does, the request fails.
    Saga(Saga),
}

/// Several calls that are made at the same instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parallel {
    /// Who is called: a name, or a list of names, in which one may come several times. Each call has draws of its own.
    #[serde(with = "crate::names")]
    pub calls: Vec<String>,
    /// How often each of them is called; once unless said. At most 1000 calls are made at once.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub times: u32,
    /// When the request goes on.
    #[serde(default)]
    pub wait: Wait,
    /// What becomes of the calls that are still open then.
    #[serde(default, skip_serializing_if = "Rest::is_usual")]
    pub rest: Rest,
}

const fn one() -> u32 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_one(times: &u32) -> bool {
    *times == 1
}

/// For how many of the calls made at once a request waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wait {
    /// For the success of all; the first failure is that of the whole.
    #[default]
    All,
    /// For the first success; the whole fails when all have failed.
    First,
    /// For so many successes; the whole fails as soon as they cannot be had any more.
    Quorum(u32),
    /// For the end of all, however they end. The whole does not fail: the answer is degraded if any of them has.
    Settled,
}

/// What becomes of calls made at once when the request no longer waits for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rest {
    /// They are given up as any call is: no more attempts, and those under way are abandoned.
    #[default]
    Abandon,
    /// They go on, retries included, and nobody waits for them: as if they had been made by a `Send`.
    Finish,
}

impl Rest {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// What is done for a share of the requests, and what for the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Maybe {
    /// For how many of the attempts that come. Drawn for each attempt; with `demand_of_retry: Same` a retry takes the way of the
    /// first one.
    pub share: Share,
    /// What is done for them.
    pub does: Vec<Task>,
    /// What is done for the others; nothing unless said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub otherwise: Vec<Task>,
}

/// What is done for requests of some classes, and what for the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct For {
    /// The class, or a list of classes.
    #[serde(with = "crate::names")]
    pub class: Vec<String>,
    /// What is done for them.
    pub does: Vec<Task>,
    /// What is done for the others, those without a class among them; nothing unless said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub otherwise: Vec<Task>,
}

/// What is done for requests of clients that have lately written what a service keeps, and what for the others: how whoever has written
/// gets to see what it has written, where copies lag behind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AfterOwnWrite {
    /// The service that has committed the write, which says in its `data` who writes.
    pub at: String,
    /// For how long after the commit, above 0.
    pub within: SimDuration,
    /// What is done for them.
    pub does: Vec<Task>,
    /// What is done for the others; nothing unless said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub otherwise: Vec<Task>,
}

/// What may fail without the request failing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Try {
    /// What is done. As soon as something of it fails, the request leaves it.
    pub does: Vec<Task>,
    /// What is done then; nothing unless said. If this fails, so does the request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub otherwise: Vec<Task>,
    /// What the answer is worth when something has failed.
    #[serde(default, skip_serializing_if = "Worth::is_usual")]
    pub answer: Worth,
}

/// What an answer is worth that was given though something had failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Worth {
    /// Less: it counts as degraded.
    #[default]
    Degraded,
    /// As much as any: what was done otherwise is as good.
    Full,
}

impl Worth {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

impl Task {
    /// Lists of tasks inside of this one, by their fields.
    fn inside(&self) -> Vec<(&'static str, &[Self])> {
        match self {
            Self::Call(_) | Self::Forward(_) | Self::Work(_) | Self::Write(_) | Self::Parallel(_) | Self::Send(_) | Self::Saga(_) => {
                Vec::new()
            }
            Self::Maybe(Maybe { does, otherwise, .. })
            | Self::For(For { does, otherwise, .. })
            | Self::AfterOwnWrite(AfterOwnWrite { does, otherwise, .. })
            | Self::Flag(Flag { does, otherwise, .. })
            | Self::Try(Try { does, otherwise, .. }) => {
                vec![("does", does), ("otherwise", otherwise)]
            }
        }
    }

    fn inside_mut(&mut self) -> Vec<(&'static str, &mut Vec<Self>)> {
        match self {
            Self::Call(_) | Self::Forward(_) | Self::Work(_) | Self::Write(_) | Self::Parallel(_) | Self::Send(_) | Self::Saga(_) => {
                Vec::new()
            }
            Self::Maybe(Maybe { does, otherwise, .. })
            | Self::For(For { does, otherwise, .. })
            | Self::AfterOwnWrite(AfterOwnWrite { does, otherwise, .. })
            | Self::Flag(Flag { does, otherwise, .. })
            | Self::Try(Try { does, otherwise, .. }) => {
                vec![("does", does), ("otherwise", otherwise)]
            }
        }
    }

    /// How many tasks these are with all that lie inside, and how deep they lie.
    fn measure(tasks: &[Self]) -> (usize, usize) {
        tasks
            .iter()
            .flat_map(Self::inside)
            .map(|(_, inner)| Self::measure(inner))
            .fold((tasks.len(), 1), |sum, inner| (sum.0 + inner.0, sum.1.max(inner.1 + 1)))
    }

    /// Everything wrong with the numbers of a program as written; names are looked up elsewhere.
    pub(super) fn check_all(tasks: &[Self], field: &str) -> Vec<Complaint> {
        let (count, depth) = Self::measure(tasks);
        if count > MOST_TASKS {
            return vec![complaint(field, format!("a service does at most {MOST_TASKS} things for a request, not {count}"))];
        }
        if depth > DEEPEST {
            return vec![complaint(field, format!("tasks lie inside of each other at most {DEEPEST} deep, not {depth}"))];
        }
        Self::check_list(tasks, field)
    }

    fn check_list(tasks: &[Self], field: &str) -> Vec<Complaint> {
        tasks.iter().enumerate().flat_map(|(index, task)| task.check(&format!("{field}[{index}]"))).collect()
    }

    fn check(&self, field: &str) -> Vec<Complaint> {
        let own = match self {
            Self::Work(work) | Self::Write(work) => work.check().into_iter().map(Complaint::from).collect(),
            Self::Parallel(parallel) => parallel.check(),
            Self::Saga(saga) => saga.check(),
            Self::Flag(flag) => flag.check(),
            Self::For(For { class, .. }) if class.is_empty() => vec![complaint("class", "a list of classes needs at least one")],
            Self::AfterOwnWrite(AfterOwnWrite { within, .. }) if within.is_zero() => {
                vec![complaint("within", "no time after a write nobody comes; write a length such as \"2s\"")]
            }
            Self::Maybe(Maybe { does, .. })
            | Self::For(For { does, .. })
            | Self::AfterOwnWrite(AfterOwnWrite { does, .. })
            | Self::Try(Try { does, .. })
                if does.is_empty() =>
            {
                vec![complaint("does", "a list of tasks needs at least one")]
            }
            _ => Vec::new(),
        };
        let inner = self.inside().into_iter().flat_map(|(name, tasks)| Self::check_list(tasks, &format!("{field}.{name}")));
        within(field, own).chain(inner).collect()
    }

    /// The names of the flags that a program asks for.
    pub fn flags(tasks: &[Self]) -> Vec<&str> {
        let mut names = Vec::new();
        for task in tasks {
            if let Self::Flag(flag) = task {
                names.push(flag.name.as_str());
            }
            names.extend(task.inside().into_iter().flat_map(|(_, inner)| Self::flags(inner)));
        }
        names
    }

    /// What is so in a program unless it is written otherwise, and decides how it ends: the path of each field, and what it says.
    pub fn choices(tasks: &[Self], field: &str) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for (index, task) in tasks.iter().enumerate() {
            let field = format!("{field}[{index}]");
            let mut add = |name: &str, value: String| all.push((format!("{field}.{name}"), value));
            match task {
                Self::Parallel(parallel) => {
                    add("times", parallel.times.to_string());
                    add("wait", format!("{:?}", parallel.wait));
                    add("rest", format!("{:?}", parallel.rest));
                }
                Self::Try(attempt) => add("answer", format!("{:?}", attempt.answer)),
                _ => {}
            }
            all.extend(task.inside().into_iter().flat_map(|(name, inner)| Self::choices(inner, &format!("{field}.{name}"))));
        }
        all
    }

    /// Shows every distribution in a program, with its path.
    pub fn each_distribution(tasks: &mut [Self], field: &str, see: &mut dyn FnMut(&str, &mut Distribution)) {
        for (index, task) in tasks.iter_mut().enumerate() {
            let field = format!("{field}[{index}]");
            if let Self::Work(work) | Self::Write(work) = task {
                see(&field, work);
            }
            if let Self::Saga(saga) = task {
                saga.distributions().for_each(|(name, of)| see(&format!("{field}.{name}"), of));
            }
            for (name, inner) in task.inside_mut() {
                Self::each_distribution(inner, &format!("{field}.{name}"), see);
            }
        }
    }
}

impl Parallel {
    /// How many calls are made at once.
    pub fn branches(&self) -> u64 {
        self.calls.len() as u64 * u64::from(self.times)
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let count = self.branches();
        if self.calls.is_empty() {
            complaints.push(complaint("calls", "a list of calls needs at least one"));
        } else if !(1..=MOST_BRANCHES).contains(&count) {
            complaints.push(complaint("times", format!("1 to {MOST_BRANCHES} calls are made at once, not {count}")));
        } else if let Wait::Quorum(quorum) = self.wait
            && !(1..=count).contains(&u64::from(quorum))
        {
            complaints.push(complaint("wait", format!("a quorum of {count} calls is 1 to {count} of them, not {quorum}")));
        }
        complaints
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work() -> Task {
        Task::Work(Distribution::Constant(SimDuration::from_millis(1)))
    }

    fn complaints(tasks: &[Task]) -> Vec<String> {
        Task::check_all(tasks, "does").into_iter().map(|complaint| format!("{}: {}", complaint.field, complaint.message)).collect()
    }

    #[test]
    fn what_is_wrong_deep_inside_is_named_by_its_path() {
        let parallel = |wait| Task::Parallel(Parallel { calls: vec!["a".to_owned(), "b".to_owned()], times: 1, wait, rest: Rest::Abandon });
        let inner = Task::For(For { class: Vec::new(), does: vec![work()], otherwise: vec![work(), parallel(Wait::Quorum(3))] });
        let outer = Task::Try(Try { does: vec![work(), inner], otherwise: Vec::new(), answer: Worth::Degraded });
        assert_eq!(
            complaints(&[work(), outer, parallel(Wait::Quorum(2))]),
            [
                "does[1].does[1].class: a list of classes needs at least one",
                "does[1].does[1].otherwise[1].wait: a quorum of 2 calls is 1 to 2 of them, not 3",
            ]
        );
        let nothing = Task::Maybe(Maybe { share: Share::ALL, does: Vec::new(), otherwise: vec![work()] });
        assert_eq!(complaints(&[nothing]), ["does[0].does: a list of tasks needs at least one"]);
        let many = Parallel { calls: vec!["a".to_owned()], times: 1_001, wait: Wait::All, rest: Rest::Abandon };
        assert_eq!(complaints(&[Task::Parallel(many)]), ["does[0].times: 1 to 1000 calls are made at once, not 1001"]);
    }

    #[test]
    fn a_program_has_a_hundred_tasks_at_most_wherever_they_lie() {
        let several = |count| (0..count).map(|_| work()).collect::<Vec<_>>();
        let both = |inside| Task::Maybe(Maybe { share: Share::ALL, does: several(inside), otherwise: several(50) });
        assert_eq!(complaints(&[both(49)]), [""; 0]);
        assert_eq!(complaints(&[both(50)]), ["does: a service does at most 100 things for a request, not 101"]);
        let wrap = |inner, _| Task::Try(Try { does: vec![inner], otherwise: Vec::new(), answer: Worth::Full });
        assert_eq!(complaints(&[(0..15).fold(work(), wrap)]), [""; 0]);
        assert_eq!(complaints(&[(0..16).fold(work(), wrap)]), ["does: tasks lie inside of each other at most 16 deep, not 17"]);
    }
}
