//! The laws of translation (lenses, filters, schemas), for every ordered pair of dialects.
//!
//! (`cfg(test)` tells clippy that helpers are tests, too.)

#[cfg(test)]
mod carried;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod create;
#[cfg(test)]
mod described;
#[cfg(test)]
mod drawn;
#[cfg(test)]
mod fuzzed;
#[cfg(test)]
mod groups;
#[cfg(test)]
#[path = "../exchange/harness.rs"]
#[expect(dead_code, reason = "shared with the area that runs exchanges")]
mod harness;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod lenses;
#[cfg(test)]
mod lived;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod oracle_filter;
#[cfg(test)]
mod oracle_put;
#[cfg(test)]
#[path = "../seeds/page.rs"]
#[expect(dead_code, reason = "shared with the areas that run the exchanges")]
mod page;
#[cfg(test)]
mod people;
#[cfg(test)]
mod searched;
#[cfg(test)]
mod seeds;
#[cfg(test)]
mod speech;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod twins;
#[cfg(test)]
mod unreadable;
#[cfg(test)]
mod world;
