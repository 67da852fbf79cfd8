//! Mistakes in rules, schemas and dialects: every code has a fixture that shows it.
//!
//! (`cfg(test)` tells clippy that helpers are tests, too.)

#[cfg(test)]
mod codes;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod loading;
#[cfg(test)]
mod places;
#[cfg(test)]
mod rules;
