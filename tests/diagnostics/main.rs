//! Mistakes in rules, schemas and dialects: every code has a fixture that shows it.
//!
//! (`cfg(test)` tells clippy that helpers are tests, too.)

#[cfg(test)]
mod codes;
#[cfg(test)]
mod loading;
