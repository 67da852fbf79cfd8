//! Whole exchanges over in-process sandboxes: what the upstream saw, what the client got.
//!
//! (`cfg(test)` tells clippy that helpers are tests, too.)

#[cfg(test)]
mod golden;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod overlays;
#[cfg(test)]
#[path = "../seeds/page.rs"]
mod page;
#[cfg(test)]
mod pairs;
#[cfg(test)]
mod seeds;
