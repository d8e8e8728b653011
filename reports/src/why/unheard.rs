//! What lay unheard at a node that stood still, and why?

use super::chain;
use scenarios::trace::line_of;
use scenarios::why::{AttemptStory, CallStory, Collected};

/// So many messages are told.
const MOST_UNHEARD: usize = 3;

/// What lay unheard at a node that stood still, of all that was done for the sake of a call, and why: nothing else tells what others waited for.
pub(super) fn unheard(story: &CallStory, collected: &Collected) -> Vec<String> {
    let all = every_unheard(story);
    if all.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), "what lay unheard, and why".to_owned()];
    for event in all.iter().take(MOST_UNHEARD).filter_map(|id| collected.events.get(id)) {
        lines.push(format!("  then     {}", line_of(event)));
        lines.extend(chain(&collected.causes(event.id)));
    }
    let more = all.len().saturating_sub(MOST_UNHEARD);
    if more > 0 {
        lines.push(format!("  and {more} more messages"));
    }
    lines
}

/// The numbers of the events with which messages for the sake of a call came to lie unheard, in order.
fn every_unheard(story: &CallStory) -> Vec<u64> {
    let own =
        |attempt: &AttemptStory| attempt.unheard.iter().copied().chain(attempt.children.iter().flat_map(every_unheard)).collect::<Vec<_>>();
    let mut all: Vec<u64> = story.attempts.iter().flat_map(own).collect();
    all.sort_unstable();
    all
}
