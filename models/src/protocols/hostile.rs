//! Does a correct member bear whatever anybody may say to it? Messages of every kind, at any time, with numbers that nobody would say.

use super::{Announcement, Orders, Protocol, Seen, Speaker, Truth, Turn};
use crate::clocks::Reading;
use crate::disks::{Completion, Disk, Order};
use crate::ids::InstanceId;
use crate::measure::Observations;
use crate::protocols::turn::Asking;
use sim_core::draw::{Key, Seed, mix};
use sim_core::time::{SimDuration, SimTime};
use std::collections::VecDeque;
use std::fmt;

/// Numbers of which nobody knows what they mean.
pub(super) struct Words(u64);

/// A message in the words of its protocol.
struct Told<'p, P: Protocol>(&'p P, &'p P::Message);

impl<P: Protocol> fmt::Display for Told<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.words(self.1, f)
    }
}

/// Whether a text has words for its reader, and nothing that only Rust prints so.
fn is_prose(text: &str) -> bool {
    let printed = ["{", "}", "[", "]", "Some(", "None", "()"];
    text.starts_with(|c: char| c.is_ascii_lowercase()) && !printed.iter().any(|sign| text.contains(sign))
}

impl Words {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(1);
        mix(self.0)
    }

    pub(super) fn index(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(super) fn flag(&mut self) -> bool {
        self.index(2) == 0
    }

    /// Small ones, which mean something, and others.
    pub(super) fn number(&mut self) -> u64 {
        match self.index(6) {
            0 => u64::MAX,
            1 => self.next(),
            2 => u64::MAX - self.index(3),
            _ => self.index(5),
        }
    }

    pub(super) fn small(&mut self) -> u32 {
        self.index(6) as u32
    }
}

/// One member, all that it wants done, and what its disk has been asked.
struct Stage<'a, P: Protocol> {
    protocol: &'a P,
    memory: P::Member,
    witness: P::Witness,
    observations: Observations,
    timers: Vec<P::Timer>,
    asked: VecDeque<Completion>,
    now: SimTime,
    index: u32,
}

impl<P: Protocol> Stage<'_, P> {
    fn act(&mut self, act: impl FnOnce(&P, &mut P::Member, &mut Turn<'_, P>)) {
        let (seed, disk, mut orders) = (Seed::new(1), Disk::default(), Orders::default());
        self.now = self.now.saturating_add(SimDuration::from_millis(7));
        let turn = Turn::new(Reading::perfect(self.now), &seed, Key::named("member"), Some(self.index), &mut orders);
        act(self.protocol, &mut self.memory, &mut turn.with_disk(&disk));
        self.timers.extend(orders.timers.into_iter().filter_map(|(timer, due)| due.map(|_| timer)));
        self.timers.truncate(20);
        self.asked.extend(orders.disk.into_iter().map(|order| match order {
            Order::Write(slot, _) => Completion::Written(slot),
            Order::EraseFrom(slot) => Completion::Erased(slot),
            Order::Sync => Completion::Synced,
            Order::Load => Completion::Loaded,
        }));
        let truth = Truth::new(self.now, &[]);
        for announced in orders.announced {
            self.sees(announced, &truth);
        }
        for (_, message) in orders.sent {
            let text = Told(self.protocol, &message).to_string();
            assert!(is_prose(&text), "{text} is no text for a reader of traces");
            assert!(P::KINDS.contains(&P::kind(&message)) || ["request", "reply"].contains(&P::kind(&message)), "{message:?}");
        }
    }

    fn sees(&mut self, announced: Announcement, truth: &Truth<'_>) {
        assert!(P::ANNOUNCES.iter().any(|(name, _)| *name == announced.what), "{announced:?} is not in the list");
        let (witness, observations, instance) = (&mut self.witness, &mut self.observations, InstanceId(self.index));
        self.protocol.witness(witness, Seen::Announced(Speaker::Member(self.index, instance), announced), truth, observations);
        self.protocol.examine(witness, (instance, &self.memory), announced, truth, observations);
    }

    fn step(&mut self, words: &mut Words, say: &impl Fn(&mut Words) -> P::Message) {
        let from = words.index(u64::from(self.protocol.members())) as u32;
        match words.index(12) {
            0 | 1 => {
                let message = say(words);
                self.act(|protocol, memory, turn| protocol.on_request(memory, message, turn));
            }
            2 if !self.timers.is_empty() => {
                let nth = words.index(self.timers.len() as u64) as usize;
                let timer = self.timers.swap_remove(nth);
                self.act(|protocol, memory, turn| protocol.on_timer(memory, timer, turn));
            }
            3 | 4 if !self.asked.is_empty() => {
                let done = self.asked.pop_front().expect("there is one");
                let done = match done {
                    Completion::Written(slot) if words.index(4) == 0 => Completion::NoRoom(slot),
                    done => done,
                };
                self.act(|protocol, memory, turn| protocol.on_disk(memory, done, turn));
            }
            5 if words.index(10) == 0 => {
                (self.timers, self.asked) = (Vec::new(), VecDeque::new());
                self.protocol.on_crash(&mut self.memory);
                self.act(|protocol, memory, turn| protocol.on_recover(memory, turn));
            }
            _ => {
                let message = say(words);
                self.act(|protocol, memory, turn| protocol.on_message(memory, from, message, turn));
            }
        }
    }
}

/// Tells every member of a group, and a caller, whatever `say` makes up.
pub(super) fn bears_everything<P: Protocol>(protocol: &P, say: impl Fn(&mut Words) -> P::Message) {
    for run in 0..60 {
        let mut words = Words(run << 32);
        for index in 0..protocol.members() {
            let memory = protocol.member(index);
            let (timers, asked, now) = (Vec::new(), VecDeque::new(), SimTime::ZERO);
            let (witness, observations) = (P::Witness::default(), Observations::default());
            let mut stage = Stage { protocol, memory, witness, observations, timers, asked, now, index };
            stage.act(|protocol, memory, turn| protocol.on_start(memory, turn));
            (0..150).for_each(|_| stage.step(&mut words, &say));
        }
        hears_everything(protocol, &mut words, &say);
    }
}

fn caller<'a, P: Protocol>(seed: &'a Seed, asking: Asking, orders: &'a mut Orders<P>) -> Turn<'a, P> {
    Turn::new(Reading::perfect(SimTime::ZERO), seed, Key::named("caller"), None, orders).with_call(asking, Key::named("call"))
}

/// A caller hears anything, and so does a liar who is asked to alter it.
fn hears_everything<P: Protocol>(protocol: &P, words: &mut Words, say: &impl Fn(&mut Words) -> P::Message) {
    let seed = Seed::new(2);
    let mut orders = Orders::default();
    let asking = Asking { client: 1, ordinal: 1, object: 1, class: 0, call: words.next(), attempt: 1 };
    let mut session = protocol.begin(&mut caller(&seed, asking, &mut orders));
    for _ in 0..50 {
        let from = words.index(u64::from(protocol.members())) as u32;
        let mut message = say(words);
        let other = say(words);
        let draw = sim_core::draw::Draw::from_bits(words.next());
        protocol.mutate(super::Lie::Wrong, &mut message, super::To::Caller, draw);
        protocol.mutate(super::Lie::Old(&other), &mut message.clone(), super::To::Member(from), draw);
        if protocol.on_answer(&mut session, from, message, &mut caller(&seed, asking, &mut orders)).is_some() {
            session = protocol.begin(&mut caller(&seed, asking, &mut orders));
        }
    }
}
