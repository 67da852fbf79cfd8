//! The nodes of one upstream: whose turn it is, how they stand, and where connections to them go.

mod health;
mod nodes;
mod peer;
mod resolve;

pub use nodes::{Making, Node, Nodes, Turn};
pub use peer::{Connected, set_apart};
