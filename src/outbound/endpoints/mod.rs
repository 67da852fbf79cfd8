//! The nodes of one upstream: whose turn it is, how they stand, and where connections to them go.

mod health;
mod node;
mod nodes;
mod peer;
mod resolve;

pub use node::{Making, Node};
pub use nodes::{Nodes, Turn};
pub use peer::{Connected, set_apart};
