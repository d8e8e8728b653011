//! What is asked of a protocol in a box, and how does it open what it is given?

use super::{Boxed, Value, Word};
use crate::disks::{Completion, DiskTimes, Found, Slots};
use crate::ids::InstanceId;
use crate::measure::Observations;
use crate::outcome::{Failure, Outcome};
use crate::protocols::{Announcement, Lie, Orders, Protocol, Seen, To, Truth, Turn, Verdict};
use sim_core::draw::Draw;
use std::any::Any;
use std::fmt::{self, Debug};

/// What a member or a session remembers, and room for what one turn of it wants done.
#[derive(Clone)]
struct Mind<P: Protocol, M> {
    memory: M,
    room: Orders<P>,
}

/// Who looks wants to see what is remembered; the room is empty between two turns.
impl<P: Protocol, M: Debug> Debug for Mind<P, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.memory.fmt(f)
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
pub(super) trait Dynamic: Send + Debug {
    fn copy(&self) -> Boxed;
    fn members(&self) -> u32;
    fn leads(&self, member: &Value) -> bool;
    fn member(&self, index: u32) -> Value;
    fn words(&self, message: &Word, f: &mut fmt::Formatter<'_>) -> fmt::Result;
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

    fn words(&self, message: &Word, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Protocol::words(self, message.value.get(), f)
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
