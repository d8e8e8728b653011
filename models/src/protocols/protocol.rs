//! What must a protocol say to be simulated?

use super::witness::{Seen, Truth};
use super::{Announcement, Number, To, Turn};
use crate::disks::{Completion, DiskTimes};
use crate::ids::InstanceId;
use crate::measure::Observations;
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered};
use crate::services::Placement;
use sim_core::draw::Draw;
use sim_core::units::Size;
use std::fmt::{self, Debug};

/// A typed protocol: what members remember and say, and what callers do with what they hear.
///
/// Members and callers act in [`Turn`]s, which is all they have: what they send, their timers, their clock and their draws.
/// None of them knows the true time, or what has become of the others.
pub trait Protocol: Clone + Send + Debug + Sized + 'static {
    /// What one member remembers.
    type Member: Clone + Send + Debug;
    /// The caller's side of one attempt.
    type Session: Clone + Send + Debug;
    /// What is said.
    type Message: Clone + PartialEq + Send + Debug;
    /// What a member's timers are known by: setting one that is pending moves it.
    type Timer: Clone + PartialEq + Send + Debug;
    /// What is remembered for measuring, and by no node.
    type Witness: Clone + Default + Send + Debug;
    /// A record on the disk of a member; nothing, `()`, where members write none.
    type Stored: Clone + Send + Debug;

    /// The kinds of its messages besides those of calls: what [`kind`](Self::kind) may answer.
    const KINDS: &'static [&'static str] = &["message"];

    /// What its members and callers may announce, by name: events that a fault can wait for; and what the number is that comes with each.
    const ANNOUNCES: &'static [(&'static str, Number)] = &[];

    /// What always holds if it is right, by name and summary: its witness says when it does not, by
    /// [`violated`](crate::measure::Observations::violated).
    const PROPERTIES: &'static [(&'static str, &'static str)] = &[];

    /// What must be reached for a run to say anything of it, by name and summary: its witness says when it is, by
    /// [`reached`](crate::measure::Observations::reached).
    const GOALS: &'static [(&'static str, &'static str)] = &[];

    /// What it calls the member that leads the others, if one does: faults can aim at whoever that is when they strike.
    const PRIMARY: Option<&'static str> = None;

    /// How many members the group has.
    fn members(&self) -> u32;
    /// Whether a member takes itself for the one that leads. Several may, which is what some protocols exclude and others do not.
    fn leads(&self, _member: &Self::Member) -> bool {
        false
    }
    /// The memory of a member at its first start.
    fn member(&self, index: u32) -> Self::Member;
    /// The kind of a message: members' messages draw their luck by it, and links and faults may treat kinds differently.
    fn kind(_message: &Self::Message) -> &'static str {
        "message"
    }

    /// What a message says besides its kind, in a few words for who reads a trace, without its number or who sends it: `key 0 is version 3`.
    ///
    /// # Errors
    /// Those of the formatter.
    fn words(&self, message: &Self::Message, f: &mut fmt::Formatter<'_>) -> fmt::Result;

    /// A caller starts an attempt.
    fn begin(&self, turn: &mut Turn<'_, Self>) -> Self::Session;
    /// An answer reaches the caller, who still waits; `Some` ends the attempt.
    fn on_answer(&self, session: &mut Self::Session, from: u32, message: Self::Message, turn: &mut Turn<'_, Self>) -> Option<Outcome>;

    /// A member cannot be spoken to: nobody listens at it, or the way is cut and says so. `Some` ends the attempt, as it does unless the
    /// protocol can go on with other members.
    fn on_refusal(&self, _session: &mut Self::Session, _from: u32, failure: Failure, _turn: &mut Turn<'_, Self>) -> Option<Outcome> {
        Some(Outcome::Failed(failure))
    }

    /// The run begins.
    fn on_start(&self, _member: &mut Self::Member, _turn: &mut Turn<'_, Self>) {}
    /// A message of a caller reaches a member.
    fn on_request(&self, member: &mut Self::Member, message: Self::Message, turn: &mut Turn<'_, Self>);
    /// A message of another member reaches a member.
    fn on_message(&self, _member: &mut Self::Member, _from: u32, _message: Self::Message, _turn: &mut Turn<'_, Self>) {}
    /// A timer of a member is due. It is no longer pending.
    fn on_timer(&self, _member: &mut Self::Member, _timer: Self::Timer, _turn: &mut Turn<'_, Self>) {}
    /// The disk of a member has done something, in the order in which it was asked. In a later life nothing is heard of what was
    /// asked in an earlier one.
    fn on_disk(&self, _member: &mut Self::Member, _done: Completion, _turn: &mut Turn<'_, Self>) {}
    /// The life of a member ended: what is not durable is lost. Its timers are gone, and callers it held are never answered.
    fn on_crash(&self, member: &mut Self::Member);
    /// A new life of a member begins, with what [`on_crash`](Self::on_crash) left.
    fn on_recover(&self, _member: &mut Self::Member, _turn: &mut Turn<'_, Self>) {}

    /// How long the disks of its members take; nothing if members write none.
    fn disk(&self) -> Option<&DiskTimes> {
        None
    }
    /// What a record has become that was torn in writing or has rotted: for members that read without a checksum.
    fn garble(&self, record: &Self::Stored, _draw: Draw) -> Self::Stored {
        record.clone()
    }

    /// What a message has become that was altered on the way and that nobody found out; nothing if whatever it becomes is no
    /// message, so that it is dropped as one whose alteration is found out.
    fn corrupt(&self, _message: &Self::Message, _draw: Draw) -> Option<Self::Message> {
        None
    }
    /// What a dishonest member makes of a message of its own before that leaves it. The honest engine has said it; as long as a
    /// protocol has nothing to add, what is repeated is repeated, and a lie is the truth. The draw says which lie of several it is: of
    /// a member that tells each peer another lie, it is always the same for a peer.
    fn mutate(&self, lie: Lie<'_, Self::Message>, message: &mut Self::Message, _to: To, _draw: Draw) -> Verdict {
        if let Lie::Old(old) = lie {
            message.clone_from(old);
        }
        Verdict::Send
    }

    /// Something was seen that is worth measuring. The witness knows the truth, and is heard by no node.
    fn witness(&self, _witness: &mut Self::Witness, _seen: Seen, _truth: &Truth<'_>, _observations: &mut Observations) {}
    /// The run is over: what is still going on is measured up to here.
    fn conclude(&self, _witness: &mut Self::Witness, _truth: &Truth<'_>, _observations: &mut Observations) {}
    /// An instance of a member has made something known, and the witness looks into its memory, as no node can.
    fn examine(
        &self,
        _witness: &mut Self::Witness,
        (_instance, _member): (InstanceId, &Self::Member),
        _announced: Announcement,
        _truth: &Truth<'_>,
        _observations: &mut Observations,
    ) {
    }
}

/// How a dishonest member would treat a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie<'a, M> {
    /// It says something wrong, as if nothing were amiss.
    Wrong,
    /// It says what it has said before: this message of the same kind, to the same member or to some caller.
    Old(&'a M),
}

impl<M: Clone> Lie<'_, M> {
    /// Puts what is said in place of a message: what was said before, or what is wrong, if there is anything wrong to be said. It leaves in any case.
    pub(super) fn told(self, message: &mut M, wrong: impl FnOnce(&M) -> Option<M>) -> Verdict {
        match self {
            Lie::Old(old) => message.clone_from(old),
            Lie::Wrong => {
                if let Some(said) = wrong(message) {
                    *message = said;
                }
            }
        }
        Verdict::Send
    }
}

/// What becomes of a message that a dishonest member has had in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It leaves as it is now.
    Send,
    /// It does not leave.
    Withhold,
}

/// Why nobody can rely on a group of this size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooSmall {
    /// The field to blame, as far as it is written.
    pub field: &'static str,
    /// Why, in a sentence without its full stop.
    pub sentence: String,
    /// What to write instead.
    pub remedy: String,
    /// The properties that it cannot promise, by name.
    pub breaks: &'static [&'static str],
}

/// What quorums without a common member cannot promise of a register.
pub(super) const OF_REGISTERS: &[&str] = &["Linearizable", "Sequential", "Causal", "ReadYourWrites", "MonotonicReads"];

/// A group, as a scenario writes it.
pub trait Speaks: Registered {
    /// The protocol its members speak.
    type Protocol: Protocol;
    /// The protocol with these numbers.
    fn protocol(&self) -> Self::Protocol;
    /// How many members it has.
    fn members(&self) -> u32;
    /// Where its members stand.
    fn placement(&self) -> &Placement;
    /// How large its messages are.
    fn message_size(&self) -> Size;
    /// Whether its members write to disks.
    fn writes(&self) -> bool {
        false
    }
    /// Whether what members say to each other is signed, so that none of them can speak in the name of another; nothing if they do
    /// not speak to each other.
    fn authenticated(&self) -> Option<bool> {
        None
    }
    /// By what its numbers are too small for what it is there for, if they are: allowed, in order to be seen.
    fn too_small(&self) -> Option<TooSmall> {
        None
    }
    /// How many entries a log of a member has at most, and what makes it shorter, in words that follow "write a larger one,"; nothing if none
    /// grows with what is asked.
    fn log_limit(&self) -> Option<(u32, &'static str)> {
        None
    }
    /// Everything wrong with the numbers as written; of the placement and the number of members others speak.
    fn check(&self) -> Vec<Complaint> {
        Vec::new()
    }
}
