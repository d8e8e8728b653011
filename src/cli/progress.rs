//! How far is it, and shall it go on?

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reports::number;
use sim_core::time::SimDuration;
use std::cell::{Cell, OnceCell};
use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Set by Ctrl-C, read before every run.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C ends the work after the runs under way; a second one ends the program.
pub fn watch_for_interruption(quiet: bool) {
    let handler = move || {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            super::whole_file::abandon_all();
            std::process::exit(130);
        }
        if !quiet {
            super::output::say("\ninterrupted: finishing the runs under way; once more to stop at once");
        }
    };
    // Without a handler the program simply stops, which is what it did before.
    let _ = ctrlc::set_handler(handler);
}

/// Whether nobody has interrupted.
pub fn go_on() -> bool {
    !INTERRUPTED.load(Ordering::SeqCst)
}

/// How many runs there are to be told, on stderr: as a bar, or in a line now and then where stderr is a file or a pipe.
pub struct Bar {
    bar: ProgressBar,
    /// How old the bar was when the last line was written, if lines are.
    written: Option<Cell<Duration>>,
    /// How old it was when it was first said how many runs there are, and how many: those were known, and took no time.
    first: OnceCell<(Duration, u64)>,
}

/// A line so often.
const EVERY: Duration = Duration::from_secs(30);

/// How many of so many runs are made; nothing for whoever wants it quiet.
pub fn bar(total: usize, quiet: bool) -> Bar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(total as u64), target);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} runs, {per_sec}, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let is_log = !quiet && !std::io::stderr().is_terminal();
    Bar { bar, written: is_log.then(Cell::default), first: OnceCell::new() }
}

impl Bar {
    /// There are so many runs.
    pub fn set_length(&self, total: u64) {
        self.bar.set_length(total);
    }

    /// So many are made.
    pub fn set_position(&self, done: u64) {
        self.bar.set_position(done);
        self.write(done);
    }

    /// So many more are made.
    pub fn inc(&self, more: u64) {
        self.bar.inc(more);
        self.write(self.bar.position());
    }

    /// Writes something else meanwhile.
    pub fn suspend<T>(&self, other: impl FnOnce() -> T) -> T {
        self.bar.suspend(other)
    }

    /// It is over.
    pub fn finish_and_clear(&self) {
        self.bar.finish_and_clear();
    }

    fn write(&self, done: u64) {
        let now = self.bar.elapsed();
        let (begun, known) = *self.first.get_or_init(|| (now, done));
        if let Some(written) = self.written.as_ref().filter(|written| now.saturating_sub(written.get()) >= EVERY) {
            written.set(now);
            super::output::say(&line((known, done, self.bar.length().unwrap_or(done)), now.saturating_sub(begun)));
        }
    }
}

/// How far it is, in words: of so many runs these were known at the begin, and the others made took so long.
fn line((known, done, total): (u64, u64, u64), took: Duration) -> String {
    let head = format!("{} of {} runs", number::count(done), number::count(total));
    let made = done.saturating_sub(known);
    if made == 0 {
        return head;
    }
    let left = took.as_secs_f64() * total.saturating_sub(done) as f64 / made as f64;
    format!("{head}, about {} left", number::length(SimDuration::from_secs(left.ceil() as u64)))
}

/// A bar for work that is mostly over at once: it is there only after a second.
pub struct Steps {
    bar: ProgressBar,
    is_shown: bool,
    is_quiet: bool,
}

impl Steps {
    /// Nothing yet.
    pub fn new(is_quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{msg:>8} {bar:30} {percent} %");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, is_shown: false, is_quiet }
    }

    /// So much of so much of this is done.
    pub fn tell(&mut self, what: &'static str, done: u64, of: u64) {
        if !self.is_shown && !self.is_quiet && self.bar.elapsed() > Duration::from_secs(1) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.is_shown = true;
        }
        // In this order no part is shown as full that has only begun.
        self.bar.set_length(of);
        self.bar.set_position(done);
        self.bar.set_message(what);
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_estimates_what_is_left_from_the_runs_that_took_time() {
        let told = |runs, seconds| line(runs, Duration::from_secs(seconds));
        assert_eq!(told((0, 12_340, 40_000), 30), "12,340 of 40,000 runs, about 68 s left");
        assert_eq!(told((1000, 1010, 1020), 30), "1,010 of 1,020 runs, about 30 s left");
        assert_eq!(told((7, 7, 9), 30), "7 of 9 runs");
        assert_eq!(told((0, 9, 9), 30), "9 of 9 runs, about 0 s left");
    }
}
