//! The rule engine without sockets: documents, paths, put and laws.
//!
//! (`cfg(test)` tells clippy that helpers are tests, too.)

#[cfg(test)]
mod documents;
