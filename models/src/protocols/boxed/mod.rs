//! Any protocol, in a box: how is a world made once for all protocols, and not once for each?
//!
//! A world is large, and made anew for every protocol it is compiled with. So it is compiled with one that holds any other:
//! what members remember and say are [`Value`]s whose types only the protocol in the box knows. Authors of protocols see
//! nothing of that. It costs an allocation for a message that is not empty, and saves every protocol a world of its own.

mod dynamic;
mod value;

pub use value::{Value, Word};

use super::{Announcement, Lie, Protocol, Seen, To, Truth, Turn, Verdict};
use crate::disks::{Completion, DiskTimes};
use crate::ids::InstanceId;
use crate::measure::Observations;
use crate::outcome::{Failure, Outcome};
use dynamic::Dynamic;
use sim_core::draw::Draw;
use std::fmt;

/// A protocol in a box.
#[derive(Debug)]
pub struct Boxed(Box<dyn Dynamic>);

impl Boxed {
    /// Puts a protocol into a box.
    pub fn new<P: Protocol>(protocol: P) -> Self {
        Self(Box::new(protocol))
    }
}

impl Clone for Boxed {
    fn clone(&self) -> Self {
        self.0.copy()
    }
}

/// What the witness of the protocol in the box remembers, from the first time on that it sees something.
#[derive(Clone, Debug, Default)]
pub struct Impressions(Option<Value>);

impl Impressions {
    fn of(&mut self, protocol: &Boxed) -> &mut Value {
        self.0.get_or_insert_with(|| protocol.0.first_impression())
    }
}

impl Protocol for Boxed {
    type Member = Value;
    type Session = Value;
    type Message = Word;
    type Timer = Word;
    type Witness = Impressions;
    type Stored = Value;

    fn members(&self) -> u32 {
        self.0.members()
    }

    fn leads(&self, member: &Value) -> bool {
        self.0.leads(member)
    }

    fn member(&self, index: u32) -> Value {
        self.0.member(index)
    }

    fn kind(message: &Word) -> &'static str {
        message.kind
    }

    fn words(&self, message: &Word, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.words(message, f)
    }

    fn begin(&self, turn: &mut Turn<'_, Self>) -> Value {
        self.0.begin(turn)
    }

    fn on_answer(&self, session: &mut Value, from: u32, message: Word, turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        self.0.on_answer(session, from, message, turn)
    }

    fn on_refusal(&self, session: &mut Value, from: u32, failure: Failure, turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        self.0.on_refusal(session, from, failure, turn)
    }

    fn on_start(&self, member: &mut Value, turn: &mut Turn<'_, Self>) {
        self.0.on_start(member, turn);
    }

    fn on_request(&self, member: &mut Value, message: Word, turn: &mut Turn<'_, Self>) {
        self.0.on_request(member, message, turn);
    }

    fn on_message(&self, member: &mut Value, from: u32, message: Word, turn: &mut Turn<'_, Self>) {
        self.0.on_message(member, from, message, turn);
    }

    fn on_timer(&self, member: &mut Value, timer: Word, turn: &mut Turn<'_, Self>) {
        self.0.on_timer(member, timer, turn);
    }

    fn on_disk(&self, member: &mut Value, done: Completion, turn: &mut Turn<'_, Self>) {
        self.0.on_disk(member, done, turn);
    }

    fn on_crash(&self, member: &mut Value) {
        self.0.on_crash(member);
    }

    fn on_recover(&self, member: &mut Value, turn: &mut Turn<'_, Self>) {
        self.0.on_recover(member, turn);
    }

    fn disk(&self) -> Option<&DiskTimes> {
        self.0.disk()
    }

    fn garble(&self, record: &Value, draw: Draw) -> Value {
        self.0.garble(record, draw)
    }

    fn corrupt(&self, message: &Word, draw: Draw) -> Option<Word> {
        self.0.corrupt(message, draw)
    }

    fn mutate(&self, lie: Lie<'_, Word>, message: &mut Word, to: To, draw: Draw) -> Verdict {
        self.0.mutate(lie, message, to, draw)
    }

    fn witness(&self, witness: &mut Impressions, seen: Seen, truth: &Truth<'_>, observations: &mut Observations) {
        self.0.witness(witness.of(self), seen, truth, observations);
    }

    fn conclude(&self, witness: &mut Impressions, truth: &Truth<'_>, observations: &mut Observations) {
        self.0.conclude(witness.of(self), truth, observations);
    }

    fn examine(
        &self,
        witness: &mut Impressions,
        seen: (InstanceId, &Value),
        announced: Announcement,
        truth: &Truth<'_>,
        observations: &mut Observations,
    ) {
        self.0.examine(witness.of(self), seen, announced, truth, observations);
    }
}
