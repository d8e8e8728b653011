//! Stormglass simulates distributed systems: deterministically, from a seed, event by event.
//!
//! The libraries beneath can be used without the command line: `scenarios` reads a scenario and runs it, `models` holds
//! what scenarios are made of, `sim_core` the kernel, `reports` tables, charts and pages.
//!
//! ```
//! use stormglass::scenarios::{Extent, read, run::run, text::Source};
//! use stormglass::sim_core::simulation::TieBreak;
//!
//! let text = r#"(
//!     schema: 1, name: "tour", horizon: "10s",
//!     nodes: {
//!         "shoppers": Clients(count: 10, arrivals: Poisson(rate: "20/s"), calls: "shop"),
//!         "shop": Service(workers: 2, demand: Exponential(mean: "20ms")),
//!     },
//!     stacks: { "shoppers -> shop": [Retry(attempts: 3, backoff: FullJitter(base: "100ms", cap: "1s")), Timeout("200ms")] },
//! )"#;
//! let scenario = read(Source::new("tour.ron", text), "tour.ron", &[], Extent::AsWritten).expect("the scenario is valid");
//! let first = run(&scenario.cells[0].arms[0], 7, TieBreak::ByRank, None);
//! let again = run(&scenario.cells[0].arms[0], 7, TieBreak::ByRank, None);
//! assert_eq!(first, again);
//! assert!(first.measures.calls > 100);
//! ```

#![forbid(unsafe_code)]

pub mod cli;

pub use {models, reports, scenarios, sim_core};
