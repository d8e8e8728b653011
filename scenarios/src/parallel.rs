//! How are many runs made at once, with results in an order that no thread decides?
//!
//! Workers take the next index as soon as they are free, so that a slow run holds up nobody, and results wait until those
//! before them are there. Indices are taken in order: whenever work stops, what is finished is a beginning without gaps.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// So many results per worker may wait for an earlier one, so that memory does not grow with the number of runs.
const AHEAD: usize = 16;

/// Applies `work` to `0..count` on `jobs` threads and hands the results to `fold` in the order of their indices.
///
/// `go_on` is asked before each piece of work; when it says no, those under way are finished and folded, and the rest is
/// left undone. A panic in `work` becomes an `Err` with its message, and the others go on.
///
/// # Errors
/// The message of the system if no threads can be started.
pub fn map_in_index_order<T: Send>(
    jobs: usize,
    count: usize,
    go_on: impl Fn() -> bool + Sync,
    work: impl Fn(usize) -> T + Sync,
    mut fold: impl FnMut(usize, Result<T, String>),
) -> Result<(), String> {
    let jobs = jobs.clamp(1, count.max(1));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build().map_err(|error| error.to_string())?;
    let desk = Desk { state: Mutex::new(State { working: jobs, ..State::default() }), changed: Condvar::new(), ahead: jobs * AHEAD };
    pool.in_place_scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|_| {
                while let Some(index) = desk.take(count, &go_on) {
                    desk.hand_in(index, catch_unwind(AssertUnwindSafe(|| work(index))).map_err(|panic| message_of(&*panic)));
                }
            });
        }
        // Should `fold` panic, nobody waits for it any more.
        let _closing = Closing(&desk);
        while let Some((index, result)) = desk.next_in_order() {
            fold(index, result);
        }
    });
    Ok(())
}

/// How many threads the machine has room for; what they compute does not depend on it.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Does something on this thread, and answers with the message of the panic if it ends in one.
///
/// # Errors
/// The message of the panic.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| message_of(&*panic))
}

/// Where workers take indices and hand in results.
struct Desk<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    ahead: usize,
}

struct State<T> {
    /// The next index to be worked on.
    next: usize,
    /// The next index to be folded.
    wanted: usize,
    finished: BTreeMap<usize, Result<T, String>>,
    /// Workers that have not gone home.
    working: usize,
    is_closed: bool,
}

/// Sends all workers home when the one who folds leaves.
struct Closing<'a, T>(&'a Desk<T>);

impl<T> Drop for Closing<'_, T> {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.changed.notify_all();
    }
}

impl<T> Default for State<T> {
    fn default() -> Self {
        Self { next: 0, wanted: 0, finished: BTreeMap::new(), working: 0, is_closed: false }
    }
}

impl<T> Desk<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing that can panic is done under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next index for a worker; `None` sends it home.
    fn take(&self, count: usize, go_on: &impl Fn() -> bool) -> Option<usize> {
        let mut state = self.lock();
        while !state.is_closed && state.next < count && state.next >= state.wanted + self.ahead {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.is_closed || state.next >= count || !go_on() {
            state.working -= 1;
            self.changed.notify_all();
            return None;
        }
        state.next += 1;
        Some(state.next - 1)
    }

    fn hand_in(&self, index: usize, result: Result<T, String>) {
        self.lock().finished.insert(index, result);
        self.changed.notify_all();
    }

    /// Waits for the result of the index that is folded next; `None` when there will be none.
    fn next_in_order(&self) -> Option<(usize, Result<T, String>)> {
        let mut state = self.lock();
        loop {
            let wanted = state.wanted;
            if let Some(result) = state.finished.remove(&wanted) {
                state.wanted += 1;
                self.changed.notify_all();
                return Some((wanted, result));
            }
            if state.working == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn results_come_in_the_order_of_their_indices_on_any_number_of_threads() {
        for jobs in [1, 2, 8] {
            let mut seen = Vec::new();
            map_in_index_order(jobs, 1000, || true, |index| index * index, |index, result| seen.push((index, result)))
                .expect("threads start");
            assert_eq!(seen, (0..1000).map(|index| (index, Ok(index * index))).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_panic_is_one_result_and_the_others_go_on() {
        let mut failed = Vec::new();
        let work = |index: usize| assert!(index != 5, "five is right out");
        map_in_index_order(2, 10, || true, work, |index, result| failed.extend(result.err().map(|text| (index, text))))
            .expect("threads start");
        assert_eq!(failed, [(5, "five is right out".to_owned())]);
    }

    #[test]
    fn an_interruption_finishes_what_is_under_way_and_leaves_the_rest_undone() {
        for jobs in [1, 4] {
            let asked = AtomicUsize::new(0);
            let mut folded = Vec::new();
            let go_on = || asked.fetch_add(1, Ordering::SeqCst) < 10;
            map_in_index_order(jobs, 100, go_on, |index| index, |index, _| folded.push(index)).expect("threads start");
            assert_eq!(folded, (0..10).collect::<Vec<_>>());
        }
    }

    #[test]
    fn no_work_is_no_result() {
        map_in_index_order(4, 0, || true, |index| index, |_, _| panic!("nothing was to be done")).expect("threads start");
    }
}
