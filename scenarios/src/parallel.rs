//! How are many runs made at once, with results in an order that no thread decides?

use rayon::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Applies `work` to `0..count` on `jobs` threads and hands the results to `fold` in the order of their indices.
///
/// Results are computed in batches, so that memory does not grow with `count`. `go_on` is asked before each batch; when it
/// says no, the rest is left undone. A panic in `work` becomes an `Err` with its message, and the others go on.
///
/// # Errors
/// The message of the system if no threads can be started.
pub fn map_in_index_order<T: Send>(
    jobs: usize,
    count: usize,
    go_on: impl Fn() -> bool,
    work: impl Fn(usize) -> T + Sync,
    mut fold: impl FnMut(usize, Result<T, String>),
) -> Result<(), String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build().map_err(|error| error.to_string())?;
    let batch = (jobs * 16).max(1);
    let mut next = 0;
    while next < count && go_on() {
        let last = (next + batch).min(count);
        let attempt = |index| catch_unwind(AssertUnwindSafe(|| work(index))).map_err(|panic| message_of(&*panic));
        let results: Vec<_> = pool.install(|| (next..last).into_par_iter().map(attempt).collect());
        for (index, result) in (next..last).zip(results) {
            fold(index, result);
        }
        next = last;
    }
    Ok(())
}

fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn an_interruption_leaves_the_rest_undone() {
        let done = std::cell::Cell::new(0);
        map_in_index_order(1, 100, || done.get() < 10, |index| index, |_, _| done.set(done.get() + 1)).expect("threads start");
        assert!((10..30).contains(&done.get()));
    }
}
