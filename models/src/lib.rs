//! Nodes, links, clocks, faults, client strategies and workloads: everything a scenario can be made of.

pub mod measure;
pub mod outcome;
