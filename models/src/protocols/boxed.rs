//! Any protocol, in a box: how is a world made once for all protocols, and not once for each?
//!
//! A world is large, and made anew for every protocol it is compiled with. So it is compiled with one that holds any other:
//! what members remember and say are [`Value`]s whose types only the protocol in the box knows. Authors of protocols see
//! nothing of that. It costs an allocation for a message that is not empty, and saves every protocol a world of its own.

use super::{Announcement, Lie, Orders, Protocol, Seen, To, Truth, Turn, Verdict};
use crate::disks::{Completion, DiskTimes, Found, Slots};
use crate::ids::InstanceId;
use crate::measure::Observations;
use crate::outcome::{Failure, Outcome};
use sim_core::draw::Draw;
use std::any::Any;
use std::fmt::{self, Debug};

/// A value whose type is known to the protocol in the box alone.
pub struct Value(Box<dyn Anything>);

trait Anything: Any + Send + Debug {
    fn copy(&self) -> Value;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<T: Any + Clone + Send + Debug> Anything for T {
    fn copy(&self) -> Value {
        Value::new(self.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Why a value is of the type that is asked for.
const ONE_PROTOCOL: &str = "the values of a world are those of the one protocol in its box";

impl Value {
    fn new<T: Any + Clone + Send + Debug>(value: T) -> Self {
        Self(Box::new(value))
    }

    fn get<T: Any>(&self) -> &T {
        (*self.0).as_any().downcast_ref().expect(ONE_PROTOCOL)
    }

    fn get_mut<T: Any>(&mut self) -> &mut T {
        (*self.0).as_any_mut().downcast_mut().expect(ONE_PROTOCOL)
    }

    fn take<T: Any>(self) -> T {
        *self.0.into_any().downcast().expect(ONE_PROTOCOL)
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        (*self.0).copy()
    }
}

impl Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A value that can be compared and has a kind: a message, or the name of a timer.
#[derive(Clone)]
pub struct Word {
    value: Value,
    kind: &'static str,
    is_same: fn(&Value, &Value) -> bool,
}

impl Word {
    fn new<T: Any + Clone + PartialEq + Send + Debug>(value: T, kind: &'static str) -> Self {
        Self { value: Value::new(value), kind, is_same: |one, other| one.get::<T>() == other.get::<T>() }
    }
}

impl PartialEq for Word {
    fn eq(&self, other: &Self) -> bool {
        (self.is_same)(&self.value, &other.value)
    }
}

impl Debug for Word {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(formatter)
    }
}

/// What a member or a session remembers, and room for what one turn of it wants done.
#[derive(Clone, Debug)]
struct Mind<P: Protocol, M> {
    memory: M,
    room: Orders<P>,
}

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

/// The disk of a member as the protocol in the box sees it.
struct Unboxed<'a>(&'a dyn Slots<Value>);

impl<R: Any> Slots<R> for Unboxed<'_> {
    fn end(&self) -> u64 {
        self.0.end()
    }

    fn len(&self) -> u64 {
        self.0.len()
    }

    fn read(&self, slot: u64) -> Found<'_, R> {
        match self.0.read(slot) {
            Found::Nothing => Found::Nothing,
            Found::Record(record) => Found::Record(record.get()),
            Found::Damaged => Found::Damaged,
        }
    }

    fn read_unchecked(&self, slot: u64) -> Option<&R> {
        self.0.read_unchecked(slot).map(Value::get)
    }
}

fn said<P: Protocol>(message: P::Message) -> Word {
    let kind = P::kind(&message);
    Word::new(message, kind)
}

/// A turn of the protocol in the box: what it wants done is put into boxes in its turn.
fn within<P: Protocol, T>(turn: &mut Turn<'_, Boxed>, room: &mut Orders<P>, act: impl FnOnce(&mut Turn<'_, P>) -> T) -> T {
    let disk = turn.slots().map(Unboxed);
    let answer = act(&mut turn.inner(room, disk.as_ref().map(|disk| disk as &dyn Slots<P::Stored>)));
    turn.take_over(room, said::<P>, |timer| Word::new(timer, "timer"), Value::new);
    answer
}

/// What [`Protocol`] asks of a protocol, of one in a box.
trait Dynamic: Send + Debug {
    fn copy(&self) -> Boxed;
    fn members(&self) -> u32;
    fn leads(&self, member: &Value) -> bool;
    fn member(&self, index: u32) -> Value;
    fn begin(&self, turn: &mut Turn<'_, Boxed>) -> Value;
    fn on_answer(&self, session: &mut Value, from: u32, message: Word, turn: &mut Turn<'_, Boxed>) -> Option<Outcome>;
    fn on_refusal(&self, session: &mut Value, from: u32, failure: Failure, turn: &mut Turn<'_, Boxed>) -> Option<Outcome>;
    fn on_start(&self, member: &mut Value, turn: &mut Turn<'_, Boxed>);
    fn on_request(&self, member: &mut Value, message: Word, turn: &mut Turn<'_, Boxed>);
    fn on_message(&self, member: &mut Value, from: u32, message: Word, turn: &mut Turn<'_, Boxed>);
    fn on_timer(&self, member: &mut Value, timer: Word, turn: &mut Turn<'_, Boxed>);
    fn on_disk(&self, member: &mut Value, done: Completion, turn: &mut Turn<'_, Boxed>);
    fn on_crash(&self, member: &mut Value);
    fn on_recover(&self, member: &mut Value, turn: &mut Turn<'_, Boxed>);
    fn disk(&self) -> Option<&DiskTimes>;
    fn garble(&self, record: &Value, draw: Draw) -> Value;
    fn corrupt(&self, message: &Word, draw: Draw) -> Option<Word>;
    fn mutate(&self, lie: Lie<'_, Word>, message: &mut Word, to: To, draw: Draw) -> Verdict;
    fn first_impression(&self) -> Value;
    fn witness(&self, witness: &mut Value, seen: Seen, truth: &Truth<'_>, observations: &mut Observations);
    fn conclude(&self, witness: &mut Value, truth: &Truth<'_>, observations: &mut Observations);
    fn examine(
        &self,
        witness: &mut Value,
        seen: (InstanceId, &Value),
        announced: Announcement,
        truth: &Truth<'_>,
        observations: &mut Observations,
    );
}

/// A turn of a member.
fn of_member<P: Protocol>(member: &mut Value, turn: &mut Turn<'_, Boxed>, act: impl FnOnce(&mut P::Member, &mut Turn<'_, P>)) {
    let Mind { memory, room } = member.get_mut::<Mind<P, P::Member>>();
    within(turn, room, |turn| act(memory, turn));
}

fn memory_of<P: Protocol>(member: &Value) -> &P::Member {
    &member.get::<Mind<P, P::Member>>().memory
}

impl<P: Protocol> Dynamic for P {
    fn copy(&self) -> Boxed {
        Boxed::new(self.clone())
    }

    fn members(&self) -> u32 {
        Protocol::members(self)
    }

    fn leads(&self, member: &Value) -> bool {
        Protocol::leads(self, memory_of::<P>(member))
    }

    fn member(&self, index: u32) -> Value {
        Value::new(Mind::<P, P::Member> { memory: Protocol::member(self, index), room: Orders::default() })
    }

    fn begin(&self, turn: &mut Turn<'_, Boxed>) -> Value {
        let mut room = Orders::default();
        let memory = within(turn, &mut room, |turn| Protocol::begin(self, turn));
        Value::new(Mind::<P, P::Session> { memory, room })
    }

    fn on_answer(&self, session: &mut Value, from: u32, message: Word, turn: &mut Turn<'_, Boxed>) -> Option<Outcome> {
        let Mind { memory, room } = session.get_mut::<Mind<P, P::Session>>();
        within(turn, room, |turn| Protocol::on_answer(self, memory, from, message.value.take(), turn))
    }

    fn on_refusal(&self, session: &mut Value, from: u32, failure: Failure, turn: &mut Turn<'_, Boxed>) -> Option<Outcome> {
        let Mind { memory, room } = session.get_mut::<Mind<P, P::Session>>();
        within(turn, room, |turn| Protocol::on_refusal(self, memory, from, failure, turn))
    }

    fn on_start(&self, member: &mut Value, turn: &mut Turn<'_, Boxed>) {
        of_member(member, turn, |memory, turn| Protocol::on_start(self, memory, turn));
    }

    fn on_request(&self, member: &mut Value, message: Word, turn: &mut Turn<'_, Boxed>) {
        of_member(member, turn, |memory, turn| Protocol::on_request(self, memory, message.value.take(), turn));
    }

    fn on_message(&self, member: &mut Value, from: u32, message: Word, turn: &mut Turn<'_, Boxed>) {
        of_member(member, turn, |memory, turn| Protocol::on_message(self, memory, from, message.value.take(), turn));
    }

    fn on_timer(&self, member: &mut Value, timer: Word, turn: &mut Turn<'_, Boxed>) {
        of_member(member, turn, |memory, turn| Protocol::on_timer(self, memory, timer.value.take(), turn));
    }

    fn on_disk(&self, member: &mut Value, done: Completion, turn: &mut Turn<'_, Boxed>) {
        of_member(member, turn, |memory, turn| Protocol::on_disk(self, memory, done, turn));
    }

    fn on_crash(&self, member: &mut Value) {
        Protocol::on_crash(self, &mut member.get_mut::<Mind<P, P::Member>>().memory);
    }

    fn on_recover(&self, member: &mut Value, turn: &mut Turn<'_, Boxed>) {
        of_member(member, turn, |memory, turn| Protocol::on_recover(self, memory, turn));
    }

    fn disk(&self) -> Option<&DiskTimes> {
        Protocol::disk(self)
    }

    fn garble(&self, record: &Value, draw: Draw) -> Value {
        Value::new(Protocol::garble(self, record.get(), draw))
    }

    fn corrupt(&self, message: &Word, draw: Draw) -> Option<Word> {
        Protocol::corrupt(self, message.value.get(), draw).map(said::<P>)
    }

    fn mutate(&self, lie: Lie<'_, Word>, message: &mut Word, to: To, draw: Draw) -> Verdict {
        let lie = match lie {
            Lie::Wrong => Lie::Wrong,
            Lie::Old(old) => Lie::Old(old.value.get()),
        };
        let inner: &mut P::Message = message.value.get_mut();
        let verdict = Protocol::mutate(self, lie, inner, to, draw);
        message.kind = P::kind(inner);
        verdict
    }

    fn first_impression(&self) -> Value {
        Value::new(P::Witness::default())
    }

    fn witness(&self, witness: &mut Value, seen: Seen, truth: &Truth<'_>, observations: &mut Observations) {
        Protocol::witness(self, witness.get_mut(), seen, truth, observations);
    }

    fn conclude(&self, witness: &mut Value, truth: &Truth<'_>, observations: &mut Observations) {
        Protocol::conclude(self, witness.get_mut(), truth, observations);
    }

    fn examine(
        &self,
        witness: &mut Value,
        (instance, member): (InstanceId, &Value),
        announced: Announcement,
        truth: &Truth<'_>,
        observations: &mut Observations,
    ) {
        Protocol::examine(self, witness.get_mut(), (instance, memory_of::<P>(member)), announced, truth, observations);
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
