//! Nodes, links, clocks, faults, client strategies and workloads: everything a scenario can be made of.
//!
//! A system is written as a [`plan::SystemSpec`], looked up into a [`plan::Plan`], and run as a [`world::World`].

#![forbid(unsafe_code)]

mod about;
mod addresses;
pub mod alerts;
mod attempt;
pub mod brokers;
mod builder;
mod call;
pub mod clocks;
pub mod disks;
pub mod environment;
pub mod event;
pub mod faults;
pub mod history;
pub mod ids;
pub mod links;
pub mod map;
pub mod measure;
mod names;
pub mod nodes;
pub mod outcome;
pub mod places;
pub mod plan;
mod pool;
pub mod properties;
pub mod protocols;
pub mod record;
pub mod registry;
pub mod services;
pub mod strategies;
pub mod topology;
pub mod workloads;
pub mod world;

pub use about::{About, Explained};
pub use builder::quoted;

/// Raised whenever the same scenario and seed may give another run than before, or leave more behind: part of every content key.
pub const BEHAVIOUR_VERSION: u32 = 10;
