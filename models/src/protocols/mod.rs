//! What do nodes that speak a protocol with each other, and with their callers, have in common?
//!
//! A *group* is a number of members that speak one typed protocol and answer calls. A caller's side of one attempt is a
//! *session*: it sends the first messages, hears the answers, and says how the attempt ended. Everything else (waiting,
//! retrying, giving up) is the business of the stack above it. Members send each other messages over the links between
//! their domains, set timers on their own clocks, lose what is not durable when they crash, and come back.
//!
//! One file per protocol: a struct that a scenario writes (`Speaks`), and the protocol it stands for (`Protocol`).

mod acknowledged;
mod boxed;
mod byzantine_register;
mod chain;
mod commit;
mod counter;
mod generals;
mod gossip;
mod heartbeats;
#[cfg(test)]
mod hostile;
mod key_value;
mod lease;
mod lock;
mod marzullo;
mod nobody;
mod payments;
mod pbft;
mod primary_backup;
mod protocol;
mod quorum_register;
mod raft;
mod row;
mod swim;
mod time_server;
mod told;
mod turn;
mod wish;
mod witness;

pub use boxed::Boxed;
pub use byzantine_register::{ByzantineRegister, ByzantineRegisterProtocol, Data, RegisterRule};
pub use chain::{Chain, ChainProtocol, ChainRule};
pub use commit::{CommitRule, Phases, Record, Termination, TwoPhaseCommit, TwoPhaseCommitProtocol};
pub use counter::{CounterProtocol, CounterRule, GrowOnlyCounter};
pub use generals::{Generals, GeneralsProtocol, Lieutenant, Manner, Order as GeneralsOrder, Rules as GeneralsRules};
pub use gossip::{Gossip, GossipProtocol, Mode};
pub use heartbeats::{Detector, Heartbeats, HeartbeatsProtocol, PhiAccrual};
pub use key_value::{Acknowledge, Entry, KeyValue, KeyValueProtocol, ReadsFrom, Sync, Verify};
pub use lease::{Counted, Lease, LeaseProtocol};
pub use lock::{DistributedLock, LockProtocol, LockRule};
pub use marzullo::{Agreement, marzullo};
pub use nobody::Nobody;
pub use payments::{PaymentRule, Payments, PaymentsProtocol};
pub use pbft::{Pbft, PbftProtocol, PbftRule};
pub use primary_backup::{BackupRule, Backups, PrimaryBackup, PrimaryBackupProtocol};
use protocol::OF_REGISTERS;
pub use protocol::{Lie, Protocol, Speaks, TooSmall, Verdict};
pub use quorum_register::{Asks, Coordinator, QuorumRegister, QuorumRegisterProtocol, QuorumRule, Versions};
pub use raft::{Change, Patience, Raft, RaftProtocol, ReadsBy, Rule};
pub use row::{Row, RowProtocol};
pub use swim::{Order, Swim, SwimProtocol};
pub use time_server::{Method, TimeServer, TimeServerProtocol};
pub use told::{Beginning, Number};
pub(crate) use turn::Orders;
pub use turn::{Announcement, Asking, Held, To, Turn};
pub use witness::{Seen, Speaker, Truth};

use crate::registry::{Complaint, Registered, complaint, registry, within};
use crate::services::Placement;
use sim_core::units::Size;

/// What every group says of itself by fields that it has in common with all others: `domain` and `message_size`.
macro_rules! placed {
    () => {
        fn placement(&self) -> &$crate::services::Placement {
            &self.domain
        }

        fn message_size(&self) -> ::sim_core::units::Size {
            self.message_size
        }
    };
}

/// The same of a group of `members` that speak to each other, and may be made to prove who they are by `authenticated`.
macro_rules! peers {
    () => {
        fn members(&self) -> u32 {
            self.members
        }

        $crate::protocols::placed!();
        $crate::protocols::authenticated!();
    };
}

/// The same of a group whose members may be made to prove who they are by `authenticated`.
macro_rules! authenticated {
    () => {
        fn authenticated(&self) -> Option<bool> {
            Some(self.authenticated)
        }
    };
}

use {authenticated, peers, placed};

registry! {
    /// A group, as a scenario writes it.
    Group as "group", each_group: Row, TimeServer, Lease, DistributedLock, TwoPhaseCommit, Generals, Pbft, ByzantineRegister, PrimaryBackup, Chain, GrowOnlyCounter, Payments, Heartbeats, Swim, Gossip, KeyValue, QuorumRegister, Raft,
}

impl Group {
    /// What its members announce, by name, and what the number is that comes with each: events that a fault can wait for.
    pub fn announces(&self) -> &'static [(&'static str, Number)] {
        each_group!(self, group => announces_of(group))
    }

    /// What its protocol's own witness watches: name and summary of what always holds.
    pub fn properties(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        each_group!(self, group => properties_of(group)).iter().copied()
    }

    /// The same of what must be reached.
    pub fn goals(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        each_group!(self, group => goals_of(group)).iter().copied()
    }

    /// All of them, of all protocols: the protocol's name, whether it is a goal, name and summary.
    pub fn all_properties() -> impl Iterator<Item = (&'static str, bool, (&'static str, &'static str))> {
        let all = each_group!(Kind in all => (
            Kind::NAME,
            <Kind as Speaks>::Protocol::PROPERTIES,
            <Kind as Speaks>::Protocol::GOALS,
        ));
        let always = |is_goal: bool, name, list: &'static [(&'static str, &'static str)]| list.iter().map(move |one| (name, is_goal, *one));
        all.into_iter().flat_map(move |(name, properties, goals)| always(false, name, properties).chain(always(true, name, goals)))
    }

    /// What its protocol calls the member that leads the others, if one does.
    pub fn primary(&self) -> Option<&'static str> {
        each_group!(self, group => primary_of(group))
    }

    /// The groups of which a member leads the others, by name.
    pub fn with_primary() -> Vec<&'static str> {
        let all = each_group!(Kind in all => (Kind::NAME, <Kind as Speaks>::Protocol::PRIMARY));
        all.into_iter().filter_map(|(name, primary)| primary.map(|_| name)).collect()
    }

    /// How many members it has.
    pub fn members(&self) -> u32 {
        each_group!(self, group => group.members())
    }

    /// Where its members stand.
    pub fn placement(&self) -> &Placement {
        each_group!(self, group => group.placement())
    }

    /// The domain of the member with this index.
    pub fn domain(&self, index: u32) -> &str {
        self.placement().of(index)
    }

    /// The kinds of message its protocol knows besides those of calls, by which links and faults may treat them.
    pub fn kinds(&self) -> &'static [&'static str] {
        each_group!(self, group => kinds_of(group))
    }

    /// Whether its members write to disks.
    pub fn writes(&self) -> bool {
        each_group!(self, group => group.writes())
    }

    /// Whether what its members say to each other is signed; nothing if they do not speak to each other.
    pub fn authenticated(&self) -> Option<bool> {
        each_group!(self, group => group.authenticated())
    }

    /// By what its numbers are too small for what it is there for, if they are.
    pub fn too_small(&self) -> Option<TooSmall> {
        each_group!(self, group => group.too_small())
    }

    /// How many entries a log of a member has at most, and what makes it shorter, in words; nothing if none grows with what is asked.
    pub fn log_limit(&self) -> Option<(u32, &'static str)> {
        each_group!(self, group => group.log_limit())
    }

    /// How large its messages are.
    pub fn message_size(&self) -> Size {
        each_group!(self, group => group.message_size())
    }

    /// Its protocol, whichever it is: the one place where a run chooses among protocols.
    pub fn protocol(&self) -> Boxed {
        each_group!(self, group => Boxed::new(group.protocol()))
    }

    /// Everything wrong with the numbers as written.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints: Vec<Complaint> = within("domain", self.placement().check()).collect();
        if !(1..=MOST_MEMBERS).contains(&self.members()) {
            complaints.push(complaint("members", format!("a group has 1 to {MOST_MEMBERS} members, not {}", self.members())));
        }
        complaints.extend(each_group!(self, group => group.check()));
        complaints
    }
}

const fn kinds_of<S: Speaks>(_group: &S) -> &'static [&'static str] {
    S::Protocol::KINDS
}

const fn properties_of<S: Speaks>(_group: &S) -> &'static [(&'static str, &'static str)] {
    S::Protocol::PROPERTIES
}

const fn goals_of<S: Speaks>(_group: &S) -> &'static [(&'static str, &'static str)] {
    S::Protocol::GOALS
}

const fn announces_of<S: Speaks>(_group: &S) -> &'static [(&'static str, Number)] {
    S::Protocol::ANNOUNCES
}

const fn primary_of<S: Speaks>(_group: &S) -> Option<&'static str> {
    S::Protocol::PRIMARY
}

/// What a member announces whose log has come to its limit, in any protocol: a run goes no further than that.
pub const LOG_LIMIT: &str = "LogLimit";

/// What is wrong with the limit of a log.
fn check_log_limit(limit: u32) -> Option<Complaint> {
    let most = crate::properties::MOST_LOG;
    (!(1..=most).contains(&limit)).then(|| complaint("log_limit", format!("a log has 1 to {most} entries, not {limit}")))
}

const fn usual_log() -> u32 {
    crate::properties::USUAL_LOG
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_usual_log(limit: &u32) -> bool {
    *limit == usual_log()
}

/// A group has at most so many members.
pub const MOST_MEMBERS: u32 = 10_000;
