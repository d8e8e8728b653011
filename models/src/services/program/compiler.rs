//! How do the tasks of a service become a flat list of steps?
//!
//! Every step that draws, or calls, has a *place* that its draws and the keys of its calls are taken from. A task of the program itself
//! has its position; the first task inside another has the place of that one, so that what is wrapped keeps its luck; all others have a
//! hash of where they lie, so that nothing written elsewhere moves it.

use super::{Condition, FanPlan, Names, Program, Step, TaskPlan};
use crate::call::NONE;
use crate::ids::EdgeId;
use crate::services::flag::{Flag, FlagId};
use crate::services::saga::{Saga, SagaStep, StepPlan};
use crate::services::task::{AfterOwnWrite, For, Maybe, Parallel, Task, Try, Wait, Worth};
use sim_core::draw::mix;
use sim_core::sample::{Distribution, Sampler};
use sim_core::time::SimDuration;
use std::collections::BTreeSet;

/// Puts the tasks of a service in a row. `path` is that of the list.
pub fn compile(tasks: &[Task], path: &str, names: &mut dyn Names) -> Program {
    let mut compiler = Compiler { steps: Vec::new(), taken: (0..tasks.len() as u32).collect(), names };
    for (index, task) in (0..).zip(tasks) {
        compiler.task(task, &format!("{path}[{index}]"), (index, 0));
    }
    compiler.steps
}

/// Which of the lists that belong to a task, for places.
const DOES: u32 = 0;
const OTHERWISE: u32 = 1;
const BRANCHES: u32 = 2;
const CONDITIONS: u32 = 3;

struct Compiler<'a> {
    steps: Vec<Step>,
    taken: BTreeSet<u32>,
    names: &'a mut dyn Names,
}

impl Compiler<'_> {
    fn push(&mut self, does: TaskPlan, place: u32) -> usize {
        self.steps.push(Step { does, place, rescue: NONE });
        self.steps.len() - 1
    }

    fn next(&self) -> u32 {
        self.steps.len() as u32
    }

    /// A place that nothing else has, far from those of the program's own tasks.
    fn place(&mut self, of: u32, list: u32, index: u32) -> u32 {
        let hash = mix(mix(u64::from(of) << 2 | u64::from(list)).wrapping_add(u64::from(index)));
        let mut place = 1 << 31 | (hash >> 33) as u32;
        while !self.taken.insert(place) {
            place = 1 << 31 | place.wrapping_add(1);
        }
        place
    }

    fn sampler(&self, distribution: &Distribution) -> Sampler {
        if self.names.are_numbers_sound() { distribution.compile() } else { Distribution::Constant(SimDuration::ZERO).compile() }
    }

    /// Tasks inside of the one that has this place and lies so deep.
    fn list(&mut self, tasks: &[Task], path: &str, (of, depth): (u32, u32), list: u32) {
        for (index, task) in (0..).zip(tasks) {
            let place = if (list, index) == (DOES, 0) { of } else { self.place(of, list, index) };
            self.task(task, &format!("{path}[{index}]"), (place, depth + 1));
        }
    }

    fn task(&mut self, task: &Task, path: &str, at: (u32, u32)) {
        let place = at.0;
        match task {
            Task::Call(callee) => {
                let edge = self.names.edge(callee, path);
                self.push(TaskPlan::Call(edge), place);
            }
            Task::Forward(callee) => {
                let edge = self.names.edge(callee, path);
                self.push(TaskPlan::Forward(edge), place);
            }
            Task::Send(callee) => {
                let edge = self.names.edge(callee, path);
                self.push(TaskPlan::Send(edge), place);
            }
            Task::Work(work) => {
                let work = self.sampler(work);
                self.push(TaskPlan::Work(work), place);
            }
            Task::Write(write) => {
                let write = self.sampler(write);
                self.push(TaskPlan::Write(write), place);
            }
            Task::Parallel(parallel) => self.parallel(parallel, path, place),
            Task::Maybe(Maybe { share, does, otherwise }) => self.choice(Condition::Share(*share), (does, otherwise), path, at),
            Task::For(For { class, does, otherwise }) => {
                let number = |(index, name): (usize, &String)| {
                    let path = if class.len() == 1 { format!("{path}.class") } else { format!("{path}.class[{index}]") };
                    self.names.class(name, &path)
                };
                let mut classes: Vec<u8> = class.iter().enumerate().map(number).collect();
                classes.sort_unstable();
                self.choice(Condition::Classes(classes), (does, otherwise), path, at);
            }
            Task::AfterOwnWrite(AfterOwnWrite { at: written, within, does, otherwise }) => {
                let written = self.names.written(written, &format!("{path}.at"));
                self.choice(Condition::OwnWrite(written, *within), (does, otherwise), path, at);
            }
            Task::Flag(Flag { name, does, otherwise }) => self.choice(Condition::Flag(FlagId::named(name)), (does, otherwise), path, at),
            Task::Try(attempt) => self.attempt(attempt, path, at),
            Task::Saga(saga) => {
                let step = |(number, step): (usize, &SagaStep)| StepPlan {
                    call: self.names.participant(&step.call, &format!("{path}.steps[{number}].call")),
                    undo: step.undo.as_ref().map(|undo| self.names.participant(undo, &format!("{path}.steps[{number}].undo"))),
                    amount: step.amount,
                };
                let steps = saga.steps.iter().enumerate().map(step).collect();
                // A log is compiled from sound numbers only.
                let sound = if self.names.are_numbers_sound() { saga.clone() } else { Saga::new(Vec::new()) };
                self.push(TaskPlan::Saga(sound.plan(steps)), place);
            }
        }
    }

    fn parallel(&mut self, parallel: &Parallel, path: &str, place: u32) {
        let edge = |(index, callee): (usize, &String)| {
            let path = if parallel.calls.len() == 1 { format!("{path}.calls") } else { format!("{path}.calls[{index}]") };
            self.names.edge(callee, &path)
        };
        let edges: Vec<EdgeId> = parallel.calls.iter().enumerate().map(edge).collect();
        let count = if self.names.are_numbers_sound() { parallel.branches() as u32 } else { edges.len() as u32 };
        let place_of = |branch: u32| if branch == 0 { place } else { self.place(place, BRANCHES, branch) };
        let places: Vec<u32> = (0..count).map(place_of).collect();
        let wanted = match parallel.wait {
            Wait::All | Wait::Settled => count,
            Wait::First => 1,
            Wait::Quorum(quorum) => quorum,
        };
        let calls = edges.into_iter().cycle().zip(places).collect();
        self.push(
            TaskPlan::Parallel(Box::new(FanPlan { calls, wanted, tolerates: parallel.wait == Wait::Settled, rest: parallel.rest })),
            place,
        );
    }

    fn choice(&mut self, condition: Condition, (does, otherwise): (&[Task], &[Task]), path: &str, at: (u32, u32)) {
        // A condition directly inside another has that one's place, and must not have its luck.
        let place = self.place(at.0, CONDITIONS, at.1);
        let choice = self.push(TaskPlan::If(condition, 0), place);
        self.list(does, &format!("{path}.does"), at, DOES);
        let way_out = (!otherwise.is_empty()).then(|| self.push(TaskPlan::Jump(0), place));
        self.leads_here(choice);
        self.list(otherwise, &format!("{path}.otherwise"), at, OTHERWISE);
        if let Some(way_out) = way_out {
            self.leads_here(way_out);
        }
    }

    fn attempt(&mut self, attempt: &Try, path: &str, at: (u32, u32)) {
        let first = self.steps.len();
        self.list(&attempt.does, &format!("{path}.does"), at, DOES);
        let way_out = self.push(TaskPlan::Jump(0), at.0);
        let rescue = self.next();
        // What lies in another attempt inside has its rescue already.
        self.steps[first..way_out].iter_mut().filter(|step| step.rescue == NONE).for_each(|step| step.rescue = rescue);
        if attempt.answer == Worth::Degraded {
            self.push(TaskPlan::Degrade, at.0);
        }
        self.list(&attempt.otherwise, &format!("{path}.otherwise"), at, OTHERWISE);
        self.leads_here(way_out);
    }

    /// A choice or a jump leads to the step that comes next.
    fn leads_here(&mut self, from: usize) {
        let here = self.next();
        if let TaskPlan::If(_, to) | TaskPlan::Jump(to) = &mut self.steps[from].does {
            *to = here;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::calls;
    use super::*;
    use crate::services::task::Rest;
    use sim_core::units::Share;

    /// Gives every callee an edge, and remembers under which path it was found.
    #[derive(Default)]
    struct Found(Vec<(String, String)>);

    impl Names for Found {
        fn edge(&mut self, callee: &str, path: &str) -> EdgeId {
            self.0.push((callee.to_owned(), path.to_owned()));
            EdgeId(self.0.len() as u32 - 1)
        }
        fn participant(&mut self, callee: &str, path: &str) -> EdgeId {
            self.edge(callee, path)
        }
        fn class(&mut self, class: &str, path: &str) -> u8 {
            self.0.push((class.to_owned(), path.to_owned()));
            7
        }
        fn written(&mut self, service: &str, path: &str) -> u32 {
            self.edge(service, path).0
        }
        fn are_numbers_sound(&self) -> bool {
            true
        }
    }

    fn call(name: &str) -> Task {
        Task::Call(name.to_owned())
    }

    fn shown(program: &[Step]) -> Vec<String> {
        let show = |step: &Step| {
            let does = match &step.does {
                TaskPlan::Call(edge) => format!("call {}", edge.0),
                TaskPlan::Forward(edge) => format!("forward {}", edge.0),
                TaskPlan::Send(edge) => format!("send {}", edge.0),
                TaskPlan::Parallel(fan) => format!("{} of {:?}", fan.wanted, fan.calls.iter().map(|call| call.0.0).collect::<Vec<_>>()),
                TaskPlan::If(_, to) => format!("if, or {to}"),
                TaskPlan::Jump(to) => format!("to {to}"),
                TaskPlan::Degrade => "degrade".to_owned(),
                TaskPlan::Work(_) => "work".to_owned(),
                TaskPlan::Write(_) => "write".to_owned(),
                TaskPlan::Broker => "broker".to_owned(),
                TaskPlan::Settle => "settle".to_owned(),
                TaskPlan::Saga(saga) => format!("saga of {}", saga.steps.len()),
            };
            if step.rescue == NONE { does } else { format!("{does} rescued at {}", step.rescue) }
        };
        program.iter().map(show).collect()
    }

    fn tree() -> Vec<Task> {
        let parallel = Parallel { calls: vec!["b".to_owned(), "c".to_owned()], times: 2, wait: Wait::All, rest: Rest::Abandon };
        let inner = Try { does: vec![call("d")], otherwise: vec![call("e")], answer: Worth::Full };
        let outer = Try { does: vec![Task::Parallel(parallel), Task::Try(inner)], otherwise: vec![call("f")], answer: Worth::Degraded };
        let chosen = Maybe { share: Share::percent(30), does: vec![Task::Try(outer)], otherwise: vec![Task::Send("g".to_owned())] };
        let buyers = For { class: vec!["buy".to_owned()], does: vec![call("h")], otherwise: Vec::new() };
        vec![call("a"), Task::Maybe(chosen), Task::For(buyers), call("z")]
    }

    #[test]
    fn a_tree_of_tasks_becomes_a_list_with_jumps_and_rescues() {
        let mut found = Found::default();
        let program = compile(&tree(), "does", &mut found);
        assert_eq!(
            shown(&program),
            [
                "call 0",
                "if, or 10",
                "4 of [1, 2, 1, 2] rescued at 7",
                "call 3 rescued at 5",
                "to 6 rescued at 7",
                "call 4 rescued at 7",
                "to 9",
                "degrade",
                "call 5",
                "to 11",
                "send 6",
                "if, or 13",
                "call 8",
                "call 9",
            ]
        );
        let paths: Vec<_> = found.0.iter().map(|(name, path)| format!("{name} at {path}")).collect();
        assert_eq!(
            paths,
            [
                "a at does[0]",
                "b at does[1].does[0].does[0].calls[0]",
                "c at does[1].does[0].does[0].calls[1]",
                "d at does[1].does[0].does[1].does[0]",
                "e at does[1].does[0].does[1].otherwise[0]",
                "f at does[1].does[0].otherwise[0]",
                "g at does[1].otherwise[0]",
                "buy at does[2].class",
                "h at does[2].does[0]",
                "z at does[3]",
            ]
        );
    }

    #[test]
    fn places_are_unique_and_what_is_wrapped_keeps_its_own() {
        let program = compile(&tree(), "does", &mut Found::default());
        let mut places: Vec<u32> = calls(&program).map(|(_, place)| place).collect();
        places.extend(program.iter().filter(|step| matches!(step.does, TaskPlan::If(..))).map(|step| step.place));
        let count = places.len();
        assert_eq!((places[0], places[1], *places.last().unwrap() > 1 << 31), (0, 1, true));
        places.sort_unstable();
        places.dedup();
        assert_eq!((places.len(), count), (count, 13));
        let plain = compile(&[call("a"), call("b")], "does", &mut Found::default());
        let wrapped = Try { does: vec![call("b"), call("c")], otherwise: Vec::new(), answer: Worth::Full };
        let wrapped = compile(&[call("a"), Task::Try(wrapped)], "does", &mut Found::default());
        assert_eq!((plain[1].place, wrapped[1].place), (1, 1));
        assert!(wrapped[2].place >= 1 << 31);
    }

    #[test]
    fn a_program_without_new_tasks_is_the_list_that_was_written() {
        let work = || Task::Work(Distribution::Constant(SimDuration::NANOSECOND));
        let program = compile(&[work(), call("a"), work()], "does", &mut Found::default());
        assert_eq!(shown(&program), ["work", "call 0", "work"]);
        assert_eq!(program.iter().map(|step| step.place).collect::<Vec<_>>(), [0, 1, 2]);
    }
}
