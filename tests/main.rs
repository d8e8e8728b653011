//! Integration tests, in one binary so that they link once.

mod architecture; // does every package import only packages below it?
mod at_scale; // is a storm over every protocol the same run twice?
mod bugs; // does a seeded search find the classic mistakes, and nothing where they are mended?
mod cli; // does the program say and do what a user expects, with good and bad input?
mod corpus; // do kept failures still fail, and would a new one be found?
mod determinism; // same scenario and seed: same bytes, on any number of threads and in any build?
mod documents; // is everything the documents show true?
mod every_verdict; // can every property be violated, kept, and left undecided?
mod explain; // is what the program explains about faults true, and all of it?
mod known_results; // does the simulator reproduce published results and closed forms?
mod liveness; // does what works go on, though the rest is dead or lies for ever?
mod pages; // do the pages of a report work in a browser, without a network?
mod scenarios; // does every shipped scenario keep its word?
mod storms; // is a storm the same run when its plan is written down?
