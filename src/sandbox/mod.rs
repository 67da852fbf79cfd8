//! Vendor simulators: the independent truth about what the vendors take and answer, from their
//! documentation alone.
//!
//! This room does not know rules, dialects or the engine. Whatever a vendor does not document is
//! refused in the vendor's own words, and remembered as foreign.

mod call;
mod descope;
mod descope_groups;
mod descope_patch;
mod filter;
mod group_patch;
mod http;
mod omni;
mod omni_attributes;
mod omni_groups;
mod omni_patch;
mod options;
mod patch_message;
mod people;
mod pingone;
mod pingone_list;
mod pingone_patch;
mod reply;
mod scim;
mod scim_discovery;
mod scim_element;
mod scim_list;
mod scim_patch;
mod scim_schema;
mod service;
mod shape;
mod store;

pub use self::http::serve;
pub use omni::Kind as OmniKind;
pub use options::{Options, PathCase, Vendor};
pub use service::{Recorded, Sandbox};
