//! The command line: one file per verb, one engine behind all.
//!
//! A verb has its options, calls the engine that the server calls, and says what came of it; how anything
//! works it does not know. Exit 0: done; 1: what was asked for failed; 2: the command line is wrong.

mod along;
mod arguments;
mod audit;
mod check;
mod completions;
mod demo;
mod document;
mod examples;
mod explain;
mod files;
mod gather;
mod invitation;
mod kept;
mod load;
mod losses;
mod man;
mod options;
mod output;
pub mod reference;
mod reload;
mod run;
mod sandbox;
pub mod schema;
mod taken;
mod test;
mod translate;

pub use arguments::main;
