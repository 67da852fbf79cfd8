//! The sandboxes against their vendors' documentation: every documented request, every refusal.
//!
//! (`cfg(test)` tells clippy that helpers are tests, too.)

#[cfg(test)]
mod descope;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod omni;
#[cfg(test)]
mod pingone;
#[cfg(test)]
mod scim;
#[cfg(test)]
mod scim_patch;
#[cfg(test)]
mod socket;
#[cfg(test)]
mod support;
