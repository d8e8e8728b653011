//! How is a leader elected, and how does it end?

use super::Rule;
use super::command::{Command, members_of};
use super::journal::Deferred;
use super::member::{Leadership, Member, Role};
use super::message::{Message, Plea, Vote};
use super::protocol::{RaftProtocol, Timer};
use crate::protocols::{To, Turn};

impl RaftProtocol {
    /// A member waits for a leader, from now on, for a time that it draws.
    pub(super) fn wait_anew(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        member.waits_since = turn.now();
        self.draw_patience(member, turn);
    }

    fn draw_patience(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        let timeout = self.spec.election_timeout;
        member.patience = turn.draws("election timeout", member.drawn).wait().between(timeout.least, timeout.most);
        member.drawn = member.drawn.wrapping_add(1);
        let due = member.waits_since.saturating_add(member.patience);
        turn.set_timer(Timer::Election, due.saturating_since(turn.now()));
    }

    /// The election timer of a member fires. It is not set again with every heartbeat: what has been heard since counts now.
    pub(super) fn misses_a_leader(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        if member.leads() {
            return;
        }
        let left = member.waits_since.saturating_add(member.patience).saturating_since(turn.now());
        if !left.is_zero() {
            return turn.set_timer(Timer::Election, left);
        }
        member.leader = None;
        if !member.log.config().has(turn.me()) {
            return self.wait_anew(member, turn);
        }
        if self.keeps(Rule::PreVote) { self.canvass(member, turn) } else { self.campaign(member, turn) }
    }

    fn canvass(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        member.role = Role::Canvassing(1 << turn.me());
        self.wait_anew(member, turn);
        if self.quorum(member.log.config()) <= 1 {
            return self.campaign(member, turn);
        }
        let plea = self.plea(member, member.term + 1);
        self.tell_voters(member, &Message::PreVote(plea), turn);
    }

    fn campaign(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        member.term += 1;
        member.vote = Some(turn.me());
        member.journal.is_marked();
        member.role = Role::Candidate(0);
        self.wait_anew(member, turn);
        turn.announce("Campaigns", member.term as i64);
        let campaign = Deferred::Campaign(member.term);
        let is_safe = !self.keeps(Rule::VotePersistence);
        if is_safe || member.journal.defer(&member.log, campaign).is_some() {
            self.plead(member, member.term, turn);
        }
    }

    /// A candidate's own vote is safe: it counts, and the others are asked for theirs.
    pub(super) fn plead(&self, member: &mut Member, term: u64, turn: &mut Turn<'_, Self>) {
        if member.term != term || !matches!(member.role, Role::Candidate(_)) {
            return;
        }
        let plea = self.plea(member, term);
        self.tell_voters(member, &Message::RequestVote(plea), turn);
        self.count_vote(member, turn.me(), turn);
    }

    fn plea(&self, member: &mut Member, term: u64) -> Plea {
        member.pleas = member.pleas.wrapping_add(1);
        Plea { term, last: member.log.last(), last_term: member.log.last_term(), ordinal: member.pleas }
    }

    fn tell_voters(&self, member: &Member, message: &Message, turn: &mut Turn<'_, Self>) {
        for to in members_of(member.log.config().voters & !(1 << turn.me())) {
            turn.send(To::Member(to), message.clone());
        }
    }

    /// Whether a member does not have to stand by a leader: it leads none and has heard none for the least election timeout.
    fn is_free(&self, member: &Member, turn: &Turn<'_, Self>) -> bool {
        let has_waited = || turn.now().saturating_since(member.heard) >= self.spec.election_timeout.least;
        !self.keeps(Rule::LeaderStickiness) || !member.leads() && has_waited()
    }

    fn accepts(&self, member: &Member, plea: Plea) -> bool {
        !self.keeps(Rule::LogUpToDateVote) || member.log.is_not_ahead_of(plea.last, plea.last_term)
    }

    /// Somebody asks whether it would be elected. Nothing is promised.
    pub(super) fn is_canvassed(&self, member: &mut Member, from: u32, plea: Plea, turn: &mut Turn<'_, Self>) {
        let granted = plea.term > member.term && self.is_free(member, turn) && self.accepts(member, plea);
        let term = if granted { plea.term } else { member.term };
        turn.send(To::Member(from), Message::Vote(Vote { term, granted, is_trial: true, ordinal: plea.ordinal }));
    }

    /// Somebody asks to be elected.
    pub(super) fn is_asked_for_its_vote(&self, member: &mut Member, from: u32, plea: Plea, turn: &mut Turn<'_, Self>) {
        if !self.is_free(member, turn) {
            return;
        }
        if plea.term > member.term {
            self.learn_term(member, plea.term, turn);
        }
        let granted = plea.term == member.term
            && matches!(member.role, Role::Follower | Role::Canvassing(_))
            && member.vote.is_none_or(|vote| vote == from)
            && self.accepts(member, plea);
        if granted {
            if member.vote.is_none() {
                member.vote = Some(from);
                if self.keeps(Rule::VotePersistence) {
                    member.journal.is_marked();
                }
                turn.announce("Votes", member.term as i64);
            }
            member.role = Role::Follower;
            member.waits_since = turn.now();
        }
        let vote = Message::Vote(Vote { term: member.term, granted, is_trial: false, ordinal: plea.ordinal });
        if self.keeps(Rule::VotePersistence) {
            self.send_when_safe(member, To::Member(from), vote, turn);
        } else {
            turn.send(To::Member(from), vote);
        }
    }

    /// Somebody says whether it votes for this member.
    pub(super) fn hears_vote(&self, member: &mut Member, from: u32, vote: Vote, turn: &mut Turn<'_, Self>) {
        if vote.is_trial && vote.granted {
            let Role::Canvassing(would) = &mut member.role else { return };
            if vote.term != member.term + 1 || vote.ordinal != member.pleas {
                return;
            }
            *would |= 1 << from;
            let would = *would;
            if self.is_quorum(member, would) {
                self.campaign(member, turn);
            }
            return;
        }
        if vote.term > member.term {
            return self.learn_term(member, vote.term, turn);
        }
        if vote.granted && vote.term == member.term {
            self.count_vote(member, from, turn);
        }
    }

    fn count_vote(&self, member: &mut Member, from: u32, turn: &mut Turn<'_, Self>) {
        let Role::Candidate(votes) = &mut member.role else { return };
        *votes |= 1 << from;
        let votes = *votes;
        if self.is_quorum(member, votes) {
            self.lead(member, turn);
        }
    }

    fn is_quorum(&self, member: &Member, of: u64) -> bool {
        let config = member.log.config();
        (of & config.voters).count_ones() >= self.quorum(config)
    }

    fn lead(&self, member: &mut Member, turn: &mut Turn<'_, Self>) {
        let leadership = Leadership::new(self.spec.members, member.log.last(), turn.now());
        member.role = Role::Leader(Box::new(leadership));
        member.leader = Some(turn.me());
        turn.cancel_timer(Timer::Election);
        turn.announce("LeaderElected", member.term as i64);
        if self.keeps(Rule::OwnTermCommit) {
            self.append(member, Command::Nothing);
        }
        self.beat(member, turn);
    }

    /// There is a later term than a member knows.
    pub(super) fn learn_term(&self, member: &mut Member, term: u64, turn: &mut Turn<'_, Self>) {
        member.term = term;
        member.vote = None;
        member.journal.is_marked();
        let led = member.leads();
        self.follow(member, None, turn);
        if !led {
            self.draw_patience(member, turn);
        }
    }

    /// A member follows, whatever it did before. Callers who wait for a leader are told that it leads no more.
    pub(super) fn follow(&self, member: &mut Member, leader: Option<u32>, turn: &mut Turn<'_, Self>) {
        member.leader = leader;
        let Role::Leader(leadership) = std::mem::replace(&mut member.role, Role::Follower) else { return };
        for (_, held) in leadership.waiting {
            turn.send(To::Held(held), Message::Lost);
        }
        for (_, _, held, _) in leadership.reads {
            turn.send(To::Held(held), Message::Redirect(leader));
        }
        turn.cancel_timer(Timer::Heartbeat);
        turn.announce("SteppedDown", member.term as i64);
        self.wait_anew(member, turn);
    }
}
