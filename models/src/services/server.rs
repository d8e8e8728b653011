//! What does one replica remember?

use std::collections::VecDeque;

/// The volatile memory of one running replica: gone when its life ends.
#[derive(Clone, Debug, Default)]
pub struct Server {
    /// Workers that are busy or held.
    pub busy: u32,
    /// Attempts that wait for a worker, by slot; those cancelled meanwhile are still here and skipped.
    pub queue: VecDeque<u32>,
    /// Attempts in the queue that are not cancelled.
    pub waiting: u32,
}
