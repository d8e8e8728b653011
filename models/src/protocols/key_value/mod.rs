//! Key-value store: a primary keeps keys and values in a write-ahead log on its disk, and may have followers.
//!
//! Source: C. Mohan et al., "ARIES", ACM TODS 1992, for the log that is written before anything is said; what a log meets on
//! real disks: R. Alagappan et al., "Protocol-Aware Recovery for Consensus-Based Storage", FAST 2018. A write is a record at
//! the end of the log. When it is acknowledged depends on `sync` and `acknowledge`; what is believed when a member starts
//! again depends on `verify`. Member 0 is the primary for ever: there is no election, and while it is down nobody writes.
//! Left out: checkpoints (the whole log is read), and followers that answer from what is not yet on their disks.

mod log;
mod member;
mod message;
mod protocol;
mod recovery;
mod watch;

pub use log::Entry;
pub use protocol::KeyValueProtocol;

use super::Speaks;
use crate::disks::DiskSpeed;
use crate::registry::{Complaint, Registered, complaint, within};
use crate::services::{Placement, is_usual_size, usual_size};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::{Share, Size};

/// A store with a write-ahead log, as a scenario writes it. Member 0 is the primary, the others follow it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeyValue {
    /// How many members there are: a primary, and its followers.
    pub members: u32,
    /// How many keys there are; a call reads or writes one of them, drawn evenly.
    pub keys: u32,
    /// How many of the calls read.
    pub reads: Share,
    /// Who answers reads.
    pub reads_from: ReadsFrom,
    /// When what was written is made safe.
    pub sync: Sync,
    /// Who has to have a write before it is acknowledged.
    pub acknowledge: Acknowledge,
    /// What a member that starts again believes of its log.
    pub verify: Verify,
    /// So many entries the log has at most: a run in which it would have more is stopped.
    #[serde(skip_serializing_if = "crate::protocols::is_usual_log")]
    pub log_limit: u32,
    /// How long the disks take.
    pub disk: DiskSpeed,
    /// Where the members stand.
    pub domain: Placement,
    /// How large each of its messages is, and each of its callers'; 1 kB unless said.
    #[serde(skip_serializing_if = "is_usual_size")]
    pub message_size: Size,
    /// Whether what members say to each other is signed: then none of them can speak in the name of another.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub authenticated: bool,
}

/// Who answers reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReadsFrom {
    /// The primary.
    #[default]
    Primary,
    /// Any member, drawn evenly.
    Any,
}

/// When what was written is made safe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sync {
    /// Before it counts as done; several writes that wait share a sync.
    #[default]
    EveryWrite,
    /// So often; a write counts as done when it is in the page cache.
    Every(SimDuration),
    /// When the operating system likes, here: never.
    Never,
}

/// Who has to have a write before it is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Acknowledge {
    /// The primary; the followers hear of it.
    #[default]
    Primary,
    /// All members. A primary that starts again asks its followers for what it lacks.
    All,
}

/// What a member that starts again believes of its log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verify {
    /// Everything.
    Nothing,
    /// Records whose checksum is right.
    #[default]
    Checksum,
    /// Records whose checksum is right and which say that they belong where they are.
    ChecksumAndPlace,
}

impl Default for KeyValue {
    fn default() -> Self {
        Self {
            members: 1,
            keys: 100,
            reads: Share::percent(50),
            reads_from: ReadsFrom::default(),
            sync: Sync::default(),
            acknowledge: Acknowledge::default(),
            verify: Verify::default(),
            log_limit: crate::protocols::usual_log(),
            disk: DiskSpeed::default(),
            domain: Placement::default(),
            message_size: usual_size(),
            authenticated: false,
        }
    }
}

impl Registered for KeyValue {
    const NAME: &'static str = "KeyValue";
    const SUMMARY: &'static str = "a primary, perhaps with followers, keeps keys and values in a write-ahead log on its disk";
}

impl Speaks for KeyValue {
    type Protocol = KeyValueProtocol;

    fn protocol(&self) -> KeyValueProtocol {
        KeyValueProtocol::new(self)
    }

    crate::protocols::peers!();

    fn writes(&self) -> bool {
        true
    }

    fn log_limit(&self) -> Option<(u32, &'static str)> {
        Some((self.log_limit, "a shorter `horizon`, or fewer writes"))
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints: Vec<_> = within("disk", self.disk.check()).collect();
        complaints.extend(super::check_log_limit(self.log_limit));
        if self.members > 100 {
            complaints
                .push(complaint("members", format!("the primary speaks to every follower: at most 100 members, not {}", self.members)));
        }
        if !(1..=1_000_000).contains(&self.keys) {
            complaints.push(complaint("keys", format!("a store has 1 to 1000000 keys, not {}", self.keys)));
        }
        if matches!(self.sync, Sync::Every(period) if period.is_zero()) {
            complaints.push(complaint("sync", "a sync takes time; write how often, such as Every(\"100ms\"), or EveryWrite"));
        }
        complaints
    }
}
