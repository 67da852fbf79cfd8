//! Vendor simulators: the independent truth about what the vendors take and answer, from their
//! documentation alone.
//!
//! This room does not know rules, dialects or the engine. Whatever a vendor does not document is
//! refused in the vendor's own words, and remembered as foreign.

mod attributes;
mod call;
mod descope;
mod filter;
mod group_patch;
mod http;
mod omni;
mod options;
mod patch_message;
mod people;
mod pingone;
mod reply;
mod scim;
mod service;
mod shape;
mod store;

pub use self::http::serve;
pub use attributes::OmniKind;
pub use options::{Options, PathCase, Vendor};
pub use service::{Recorded, Sandbox};
