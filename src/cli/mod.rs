//! The command line: one file per verb, one engine behind all.
//!
//! A verb has its options, calls `app` or the engine that the server calls, and says on the terminal what came
//! of it; how anything works, or starts, it does not know. Exit 0: done; 1: what was asked for failed; 2: the
//! command line is wrong.

mod along;
mod arguments;
mod audit;
mod check;
mod completions;
mod demo;
mod document;
mod examples;
mod explain;
mod invitation;
mod losses;
mod man;
mod options;
mod output;
pub mod reference;
mod run;
mod sandbox;
pub mod schema;
mod test;
mod translate;

pub use arguments::main;
