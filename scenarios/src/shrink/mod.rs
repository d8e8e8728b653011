//! What is the smallest scenario that still fails in the same way?
//!
//! Own definition, after delta debugging (A. Zeller, R. Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE TSE 28, 2002) and
//! the shrinking of property-based tests. The scenario is taken apart into pieces of text; passes propose smaller ones, which are run; the first
//! of a pass that breaks the same promise by the same kind of witness takes its place. Draws belong to names, so that leaving something
//! out re-rolls nothing else. A storm is first replaced by what it drew.
//!
//! | module | question |
//! | --- | --- |
//! | `draft` | what is a scenario while it is made smaller? |
//! | `edits` | how can one element of its text be made simpler? |
//! | `passes` | which smaller scenarios are tried, and in which order? |
//! | `trial` | does a scenario still fail in the same way? |

pub mod draft;
mod edits;
mod passes;
mod trial;

pub use trial::{Size, Trial};

use crate::parallel::map_in_index_order;
use crate::problem::Problem;
use crate::repro::Repro;
use crate::search::Failure;
use crate::search::failure::ENDS;
use draft::Draft;
use passes::{BOLD, Pass, Proposal, REDUCING, ROUNDING, constants, much_earlier};

/// What is left, and how large it is.
type Found = (Draft, Size);

/// All passes are gone through so often at most.
const MOST_ROUNDS: usize = 10;

/// So few events are read at a glance: nobody is helped by a search for fewer.
const AT_A_GLANCE: u64 = 40;

/// Seeds that are tried at the end, for the one whose run has the fewest events.
const SEEDS: u64 = 200;

/// So many seeds at least and at most a bold step is tried under when that of the run does not fail any more.
const OTHER_LUCKS: (u64, u64) = (8, 50);

/// Between the two, as many as have so many events together: small runs cost nearly nothing.
const EVENTS_OF_LUCKS: u64 = 20_000;

/// So many proposals are tried at once, whatever the number of threads: what is made must not depend on that.
const AT_ONCE: usize = 4;

/// How a scenario is made smaller.
pub struct ShrinkOptions<'a> {
    /// The most runs that are made.
    pub most_runs: u64,
    /// Threads.
    pub jobs: usize,
    /// Whether to go on: asked before every few runs.
    pub go_on: &'a (dyn Fn() -> bool + Sync),
    /// Told of every step.
    pub progress: &'a mut dyn FnMut(&Step),
}

/// Something that was left out or made simpler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What, in words.
    pub what: String,
    /// What is left.
    pub size: Size,
    /// Runs made so far.
    pub runs: u64,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The scenario and its seed.
    pub draft: Draft,
    /// Before.
    pub from: Size,
    /// After.
    pub to: Size,
    /// Runs made.
    pub runs: u64,
    /// What was done.
    pub steps: Vec<Step>,
    /// Whether nothing smaller was found, as opposed to nobody having looked further.
    pub is_done: bool,
}

/// Why nothing could be made smaller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The scenario cannot be taken apart.
    Scenario(Problem),
    /// The run does not fail in this way when it is made again.
    Passes,
    /// A step was accepted and its run was another one when it was made again: a bug in Stormglass.
    Differs(String),
}

/// Makes the scenario of a repro file smaller, as long as it fails like this.
///
/// # Errors
/// See [`Refused`].
pub fn shrink(repro: &Repro, wanted: &Failure, options: ShrinkOptions<'_>) -> Result<Shrunk, Refused> {
    let draft = Draft::of(repro).map_err(Refused::Scenario)?;
    let may_be_unfinished = repro.failures.iter().any(|failure| failure.property == ENDS);
    let trial = Trial { data: &repro.data, wanted, may_be_unfinished };
    let mut work = Work { trial, options, runs: 1, steps: Vec::new() };
    let from = work.trial.size_of(&draft, repro.recording.events.saturating_mul(2)).ok_or(Refused::Passes)?;
    let mut best = (draft, from);
    work.reduce(&mut best)?;
    work.passes(&[constants], &mut best)?;
    work.reduce(&mut best)?;
    for _ in 0..MOST_ROUNDS {
        let before = best.1.events;
        if before <= AT_A_GLANCE {
            break;
        }
        work.under_other_seeds(&mut best)?;
        if best.1.events > before - before / 10 {
            break;
        }
    }
    // Last, because what is round is not as short as it could be.
    work.passes(&ROUNDING, &mut best)?;
    let is_done = work.is_wanted();
    Ok(Shrunk { draft: best.0, from, to: best.1, runs: work.runs, steps: work.steps, is_done })
}

/// Runs made and steps taken so far.
struct Work<'a, 'o> {
    trial: Trial<'a>,
    options: ShrinkOptions<'o>,
    runs: u64,
    steps: Vec<Step>,
}

impl Work<'_, '_> {
    fn is_wanted(&self) -> bool {
        self.runs < self.options.most_runs && (self.options.go_on)()
    }

    /// Passes that make it smaller, again and again until none of them does.
    fn reduce(&mut self, best: &mut Found) -> Result<(), Refused> {
        for _ in 0..MOST_ROUNDS {
            let before = self.steps.len();
            self.passes(&REDUCING, best)?;
            if self.steps.len() == before || !self.is_wanted() {
                break;
            }
        }
        Ok(())
    }

    /// Each pass until it finds nothing more. It begins anew with whatever it has found: what is boldest is worth another try then.
    fn passes(&mut self, passes: &[Pass], best: &mut Found) -> Result<(), Refused> {
        for pass in passes {
            while let Some(smaller) = self.improve(&pass(&best.0), best.1)? {
                *best = smaller;
            }
        }
        Ok(())
    }

    /// Whatever another seed helps with, and what can be left out then.
    fn under_other_seeds(&mut self, best: &mut Found) -> Result<(), Refused> {
        if let Some(quicker) = self.quickest_seed(&best.0, best.1)? {
            *best = quicker;
            self.reduce(best)?;
        }
        self.under_other_lucks(best)?;
        self.reduce(best)
    }

    /// Bold steps, each under a few other seeds: what comes at another instant, or with fewer who take part, rarely goes wrong by the same
    /// luck, and may by another.
    fn under_other_lucks(&mut self, best: &mut Found) -> Result<(), Refused> {
        self.with_lucks(much_earlier, SEEDS, best)?;
        BOLD.into_iter().try_for_each(|pass| {
            let seeds = (EVENTS_OF_LUCKS / best.1.events.max(1)).clamp(OTHER_LUCKS.0, OTHER_LUCKS.1);
            self.with_lucks(pass, seeds, best)
        })
    }

    fn with_lucks(&mut self, pass: Pass, seeds: u64, best: &mut Found) -> Result<(), Refused> {
        loop {
            let proposals: Vec<Proposal> = pass(&best.0).into_iter().flat_map(|proposal| lucks(&proposal, seeds)).collect();
            match self.improve(&proposals, best.1)? {
                Some(smaller) => *best = smaller,
                None => return Ok(()),
            }
        }
    }

    /// The first of some proposals that still fails in the same way, if any does.
    fn improve(&mut self, proposals: &[Proposal], best: Size) -> Result<Option<Found>, Refused> {
        for some in proposals.chunks(AT_ONCE) {
            if !self.is_wanted() {
                return Ok(None);
            }
            let sizes = self.sizes(some, best);
            if let Some((proposal, size)) = some.iter().zip(sizes).find_map(|(proposal, size)| Some((proposal, size?))) {
                return self.accept(proposal, size).map(Some);
            }
        }
        Ok(None)
    }

    /// The sizes of those that still fail in the same way.
    fn sizes(&mut self, proposals: &[Proposal], best: Size) -> Vec<Option<Size>> {
        let mut sizes = Vec::new();
        let trial = &self.trial;
        let work = |index: usize| {
            let proposal: &Proposal = &proposals[index];
            trial.size_of(&proposal.draft, proposal.gain.most_events(best.events))
        };
        let fold = |_, size: Result<Option<Size>, String>| sizes.push(size.ok().flatten());
        // Without threads there are no sizes, and nothing is accepted.
        let _ = map_in_index_order(self.options.jobs, proposals.len(), || true, work, fold);
        self.runs += proposals.len() as u64;
        sizes
    }

    fn accept(&mut self, proposal: &Proposal, size: Size) -> Result<Found, Refused> {
        for _ in 0..2 {
            self.runs += 1;
            let again = self.trial.size_of(&proposal.draft, size.events);
            if again != Some(size) {
                let sentence = format!(
                    "after \"{}\" the run has the digest {:016x} once, and another one when made again",
                    proposal.what, size.digest
                );
                return Err(Refused::Differs(sentence));
            }
        }
        let step = Step { what: proposal.what.clone(), size, runs: self.runs };
        (self.options.progress)(&step);
        self.steps.push(step);
        Ok((proposal.draft.clone(), size))
    }

    /// The same scenario under another seed whose run fails in the same way with the fewest events.
    fn quickest_seed(&mut self, best: &Draft, size: Size) -> Result<Option<Found>, Refused> {
        let seeds = (0..SEEDS).filter(|seed| *seed != best.seed);
        let proposals: Vec<Proposal> =
            seeds.map(|seed| Proposal::smaller(format!("seed {seed}"), Draft { seed, ..best.clone() })).collect();
        let mut found: Option<(usize, Size)> = None;
        for (chunk, some) in proposals.chunks(AT_ONCE).enumerate() {
            if !self.is_wanted() {
                break;
            }
            let first = chunk * AT_ONCE;
            for (index, its_size) in self.sizes(some, size).into_iter().enumerate() {
                let Some(its_size) = its_size else { continue };
                if its_size.events < found.map_or(size.events, |(_, least)| least.events) {
                    found = Some((first + index, its_size));
                }
            }
        }
        found.map(|(index, its_size)| self.accept(&proposals[index], its_size)).transpose()
    }
}

/// The same step under other seeds.
fn lucks(proposal: &Proposal, seeds: u64) -> Vec<Proposal> {
    let Proposal { what, draft, gain } = proposal;
    let seeds = (0..seeds).filter(|seed| *seed != draft.seed);
    let under = |seed| Proposal { what: format!("{what}, seed {seed}"), draft: Draft { seed, ..draft.clone() }, gain: *gain };
    seeds.map(under).collect()
}

#[cfg(test)]
mod tests;
