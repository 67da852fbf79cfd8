//! The rule language: text -> checked program -> the four views, put, trace, loss.

pub mod align;
mod build;
pub mod carry;
pub mod check;
mod clear;
pub mod code;
mod compile;
mod effective;
mod elements;
mod fill;
mod fit;
mod join;
pub mod layers;
pub mod lens;
pub mod literal;
pub mod lookup;
mod loss;
mod message;
mod owner;
pub mod parse;
pub mod place;
pub mod program;
pub mod put;
pub mod relation;
pub mod resolve;
pub mod rule;
mod slots;
mod target;
pub mod trace;
pub mod translate;

pub use code::CODES;
