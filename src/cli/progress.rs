//! How far is it, and shall it go on?

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Set by Ctrl-C, read before every run.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C ends the work after the runs under way; a second one ends the program.
pub fn watch_for_interruption(quiet: bool) {
    let handler = move || {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
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

/// A bar on stderr with an estimate of the time left; nothing where stderr is no terminal.
pub fn bar(total: usize, quiet: bool) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(total as u64), target);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} runs, {per_sec}, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
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
