//! Laws over drawn dialects: rules that nobody wrote, documents that nobody foresaw.

mod asked;
mod case;
mod dice;
mod document;
mod draft;
mod found;
mod invent;
mod load;
mod patching;
mod run;
mod server;
mod shrink;
mod tally;
mod tree;
mod written;
