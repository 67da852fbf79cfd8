//! The rule language: text to rules (`parse`), rules held against two schemas (`check`) and compiled to a
//! program for each direction (`lens`), and what a program is asked: to translate, where one path goes, what
//! is lost, what became of each value, and how what comes back is laid over what was there (`put`).
//!
//! It does not know HTTP, messages, `schemas`, `id` and `meta`, nor who is client and who upstream.

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
