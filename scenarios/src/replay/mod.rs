//! How is a run looked at while it is made again?
//!
//! | module | question |
//! | --- | --- |
//! | [`pattern`] | is this the moment that was asked for? |
//! | [`window`] | which lines of a trace are kept? |
//! | [`stepper`] | how does one go forwards and backwards in a run? |
//! | `memory` | how is what a member remembers shown in as few lines as can be read? |

mod memory;
pub mod pattern;
pub mod stepper;
pub mod window;
