//! How are members added and removed, one at a time?

use super::command::{Command, Config};
use super::member::{Member, Role};
use super::protocol::RaftProtocol;
use super::{Change, Rule};
use crate::protocols::Turn;

/// A new member may vote when it lacks so few entries: own choice.
const FEW: u64 = 128;

impl RaftProtocol {
    /// A leader makes the change that is next, if its time has come and nothing stands against it.
    pub(super) fn change_members(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        let config = member.log.config();
        let Role::Leader(leadership) = &mut member.role else { return };
        leadership.learners = 0;
        let Some(&change) = self.spec.changes.get(config.done as usize) else { return };
        let due = i64::try_from(change.at().as_nanos()).unwrap_or(i64::MAX);
        if turn.wall().as_nanos() < due {
            return;
        }
        let done = config.done + 1;
        let changed = match change {
            Change::Add { member, .. } => {
                leadership.learners = 1 << member;
                Config { voters: config.voters | 1 << member, done }
            }
            Change::Remove { member, .. } => Config { voters: config.voters & !(1 << member), done },
        };
        let is_settled = member.commit >= member.log.config_index() && member.commit >= leadership.first;
        let has_caught_up = |learner: u32| member.log.last() <= leadership.progress[learner as usize].matched + FEW;
        let is_ready = match change {
            Change::Add { member: learner, .. } => learner == turn.me() || has_caught_up(learner),
            Change::Remove { .. } => true,
        };
        if is_ready && (is_settled || !self.keeps(Rule::ChangeAfterCommit)) {
            self.append(member, Command::Members(changed));
        }
    }
}
