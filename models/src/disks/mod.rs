//! What is on the disk of a member of a group, and what becomes of it?
//!
//! A protocol whose members write has a disk for each of them: numbered slots that hold one record each. A write puts a record
//! into the page cache of the member's machine, where reads find it; a sync takes everything in the cache to the medium. The
//! disk does one thing at a time, in the order in which it was asked, and each takes its time. Source of what may go wrong:
//! T. S. Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014 (what survives of writes that were not synced);
//! L. N. Bairavasundaram et al., "An Analysis of Data Corruption in the Storage Stack", FAST 2008 (records that rot, writes
//! that are lost or land elsewhere). Left out: writes that leave the cache before a sync, and reads that take time after
//! a member has loaded what it had.

mod device;
mod disk;
mod mishap;
mod speed;

pub(crate) use device::Device;
pub(crate) use device::Pace;
pub use device::{Completion, Order};
pub(crate) use disk::Chance;
pub use disk::{Disk, Found, Slots};
pub use mishap::{Mishap, Mishaps};
pub use speed::{DiskSpeed, DiskTimes};
