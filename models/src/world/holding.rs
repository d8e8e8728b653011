//! What becomes of messages that a cut holds until it heals?
//!
//! A message that is on the wire and would arrive during the cut waits at the end of its way, and one that is sent into the
//! cut waits before it. When the cut heals, both go on at that instant, in the order in which they began to wait: the first
//! arrive, the others set out. If a cut begins meanwhile that loses messages, they are lost.

use super::World;
use crate::event::{Kind, WorldEvent};
use crate::ids::RouteId;
use crate::protocols::Protocol;
use crate::record::Loss;
use crate::topology::Route;
use sim_core::simulation::{Ctx, Model};
use sim_core::time::SimTime;
use std::sync::Arc;

/// On which way a message is: its route, the way around a cut if it took one, and the leg; anywhere on the route if `None`.
pub(super) type Whereabouts = (RouteId, Option<Arc<Route>>, Option<u32>);

/// A message that waits for a cut to heal.
#[derive(Clone, Debug)]
pub(super) struct HeldMessage {
    /// What happens when it goes on.
    event: WorldEvent,
    place: Whereabouts,
    since: SimTime,
}

impl<P: Protocol> World<P> {
    /// A cut holds a message: this event happens when it heals.
    #[cold]
    pub(super) fn hold(&mut self, event: WorldEvent, place: Whereabouts, now: SimTime) {
        self.held_messages.push(HeldMessage { event, place, since: now });
    }

    /// What a cut does to a message that arrives now over this route: nothing if there is none, or if it holds the message,
    /// which then has not arrived.
    ///
    /// # Errors
    /// That it is lost.
    #[inline]
    pub(super) fn passes(&mut self, route: RouteId, event: impl FnOnce(&Self) -> WorldEvent, now: SimTime) -> Result<bool, Loss> {
        let Some(block) = self.environment.blocking(route) else { return Ok(true) };
        if !block.holds {
            return Err(Loss::Cut);
        }
        let event = event(self);
        self.hold(event, (route, None, None), now);
        Ok(false)
    }

    /// Ways have changed: messages go on that no cut holds any more.
    pub(super) fn release_held(&mut self, ctx: &mut Ctx<'_, Self>) {
        if self.held_messages.is_empty() {
            return;
        }
        let held = std::mem::take(&mut self.held_messages);
        let (still, free): (Vec<_>, Vec<_>) = held.into_iter().partition(|message| self.is_held(&message.place));
        self.held_messages = still;
        for HeldMessage { event, since, .. } in free {
            if event.kind == Kind::Clock {
                self.time_message_goes_on(event.slot, since, ctx.now());
            }
            self.handle(event, ctx);
        }
    }

    fn is_held(&self, (route, detour, leg): &Whereabouts) -> bool {
        let routes = self.environment.routes();
        let block = match leg {
            None => routes.blocking(*route),
            Some(leg) => routes.leg(*route, detour.as_ref(), *leg as usize).and_then(|condition| condition.blocked),
        };
        block.is_some_and(|block| block.holds)
    }
}
