//! The SCIM room: documents, the grammar, types, PATCH, filters, queries, messages.
//!
//! (`cfg(test)` tells clippy that helpers are tests, too.)

#[cfg(test)]
mod document;
#[cfg(test)]
mod evaluate;
#[cfg(test)]
mod grammar;
#[cfg(test)]
mod number;
#[cfg(test)]
mod patch;
#[cfg(test)]
mod patch_values;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod surface;
#[cfg(test)]
mod types;
