//! `replay`: a run again, with its trace, around a moment if one is given.

use super::output::{print, say, wrong};
use super::run::{choose_arm, judged};
use super::{Exit, ScenarioArgs, load};
use clap::Args;
use models::record::Record;
use scenarios::run::run as make_run;
use scenarios::{Extent, trace};
use sim_core::observe::Observer;
use sim_core::simulation::TieBreak;
use sim_core::time::SimTime;
use std::collections::VecDeque;

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// The seed of the run.
    #[arg(long, value_name = "N", value_parser = super::seed, allow_negative_numbers = true)]
    seed: u64,
    /// Which arm [default: the first one written].
    #[arg(long, value_name = "NAME")]
    arm: Option<String>,
    /// Print what happened around this moment: 30s.
    #[arg(long, value_name = "TIME", conflicts_with_all = ["from", "until"])]
    at: Option<SimTime>,
    /// Print from this moment on.
    #[arg(long, value_name = "TIME")]
    from: Option<SimTime>,
    /// Print up to this moment.
    #[arg(long, value_name = "TIME")]
    until: Option<SimTime>,
    /// How many lines at most; with --at, half of them before the moment.
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..))]
    lines: u32,
    /// Compare with this digest, and fail with exit code 4 if the run has another.
    #[arg(long, value_name = "HEX", value_parser = digest)]
    digest: Option<u64>,
    /// Say nothing on stderr but errors.
    #[arg(long, short, env = "STORMGLASS_QUIET")]
    quiet: bool,
}

/// Reads a digest as it is printed.
fn digest(text: &str) -> Result<u64, String> {
    let is_hex = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let value = u64::from_str_radix(text, 16).ok().filter(|_| is_hex);
    value.ok_or_else(|| "a digest is 16 hexadecimal digits, as `run` prints it: c6f15c6c84b63e79".to_owned())
}

/// Keeps the lines that were asked for, and no more.
struct Window {
    from: SimTime,
    until: SimTime,
    before: usize,
    lines: usize,
    kept: VecDeque<String>,
    after: usize,
    left_out: u64,
}

impl Window {
    fn take(&mut self, at: SimTime, line: impl FnOnce() -> String) {
        if at > self.until {
            return;
        }
        if at < self.from {
            if self.before > 0 {
                if self.kept.len() == self.before {
                    self.kept.pop_front();
                }
                self.kept.push_back(line());
            }
            return;
        }
        if self.after < self.lines - self.before.min(self.lines) {
            self.after += 1;
            self.kept.push_back(line());
        } else {
            self.left_out += 1;
        }
    }
}

/// Runs `replay`.
///
/// # Errors
/// The exit code of whatever went wrong.
pub fn replay(args: &ReplayArgs) -> Result<Exit, Exit> {
    if let (Some(from), Some(until)) = (args.from, args.until)
        && from > until
    {
        return Err(wrong(&format!("nothing lies from {from} until {until}; exchange the two")));
    }
    let scenario = load::load(&args.scenario, Extent::AsWritten)?;
    let arm = choose_arm(&scenario, args.arm.as_deref())?;
    let plan = &scenario.cells[0].arms[arm as usize];
    let tell = |text: String| {
        if !args.quiet {
            say(&text);
        }
    };
    tell(format!("seed={} arm=\"{}\"", args.seed, scenario.arms[arm as usize]));
    let lines = args.lines as usize;
    let mut window = Window {
        from: args.at.or(args.from).unwrap_or(SimTime::ZERO),
        until: args.until.unwrap_or(SimTime::MAX),
        before: if args.at.is_some() { lines / 2 } else { 0 },
        lines,
        kept: VecDeque::new(),
        after: 0,
        left_out: 0,
    };
    let drawn = plan.of_run(args.seed);
    let mut observer = |at: SimTime, record: &Record| window.take(at, || trace::line(&drawn, at, record));
    let made = make_run(plan, args.seed, TieBreak::ByRank, Some(&mut observer as &mut dyn Observer<Record>));
    for line in &window.kept {
        print(line)?;
    }
    if let Some(stalled) = made.stalled {
        return Err(wrong(&format!("the run was stopped: {stalled}")));
    }
    if window.left_out > 0 {
        tell(format!("... {} more; --lines N shows more, `run --trace FILE` writes all of them", window.left_out));
    }
    let begin = args.at.or(args.from).unwrap_or(SimTime::ZERO);
    if begin > made.measures.ended {
        tell(format!("nothing happened at {begin} or later: the last event was at {}", made.measures.ended));
    } else if window.after == 0 && window.lines > window.before {
        tell(format!("nothing happened from {begin} until {}", window.until));
    }
    print(&format!("digest {}", made.digest))?;
    match args.digest {
        Some(expected) if expected != made.digest.value() => {
            say(&format!(
                "error: the digest is {}, not {expected:016x}: another version, scenario, arm or seed made that run",
                made.digest
            ));
            Ok(Exit::Differs)
        }
        _ => Ok(judged(&made)),
    }
}
