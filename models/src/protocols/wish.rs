//! What does a caller of a store want, and what came of it?

use super::{Protocol, Turn};
use crate::history::Action;
use crate::outcome::Outcome;
use sim_core::units::Share;

/// A key, and the value that is written to it; nothing to read it.
pub(super) type Wish = (u32, Option<u64>);

/// What a call wishes in all of its attempts: one of `keys`, drawn evenly, and a read by this share, or a write of this value. The
/// operation begins. The value is that of the attempt where a retry is a write of its own, and that of the call where members do once
/// what they are asked for again.
pub(super) fn made<P: Protocol>((keys, reads): (u32, Share), value: u64, turn: &mut Turn<'_, P>) -> Wish {
    let draws = turn.draws_of_first("call");
    let key = draws.choice().index(u64::from(keys)) as u32;
    let write = (!reads.holds(draws.share())).then_some(value);
    turn.invoke(u64::from(key), write.map_or(Action::Read, Action::Write));
    (key, write)
}

/// It is fulfilled: a read has found this value.
pub(super) fn fulfilled<P: Protocol>(wish: Wish, found: Option<u64>, turn: &mut Turn<'_, P>) -> Outcome {
    turn.returns(if wish.1.is_some() { None } else { found });
    Outcome::Success
}
