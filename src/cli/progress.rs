//! How far is it, and shall it go on?

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::atomic::{AtomicBool, Ordering};

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
