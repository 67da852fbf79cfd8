//! A deactivation: whether the upstream has a word for it, and what becomes of the resource.

use super::merged::Merged;
use super::refusals::unsayable;
use super::writable::{trim, writable};
use crate::fault::Fault;
use crate::gateway::pair::{Losses, Pair};
use crate::rewrite::lens::insert;
use crate::rewrite::translate::Message;
use crate::scim::reading::Old;
use crate::scim::schema::Operation;
use crate::scim::{Object, Value};

impl Pair {
    /// Whether an update can make a resource inactive.
    pub fn can_deactivate(&self) -> bool {
        let mut canonical = Object::new();
        canonical.push("active", Value::Bool(false));
        let updates = [Operation::Patch, Operation::Replace].into_iter();
        let mut updates = updates.filter(|update| self.upstream_resource.operations.has(*update));
        updates.any(|update| {
            !self.upstream.lower(&canonical, Message::Request(update)).object.is_empty()
        })
    }

    /// What a stored resource becomes when it is deactivated.
    ///
    /// # Errors
    /// `NotImplemented` where the upstream has no place for it.
    pub fn deactivated<'o>(&self, stored: impl Into<Old<'o>>) -> Result<Merged, Fault> {
        let mut canonical = Object::new();
        canonical.push("active", Value::Bool(false));
        let lowered = self.upstream.lower(&canonical, Message::Request(Operation::Patch));
        if lowered.object.is_empty() {
            return Err(unsayable("The upstream's accounts cannot be deactivated."));
        }
        let mut before = stored.into().came().borrowed();
        trim(&mut before, &self.upstream.vendor.attributes);
        writable(&mut before, &self.upstream.vendor.attributes);
        let mut after = before.clone();
        for (name, value) in lowered.object.iter() {
            let value = value.clone().into_owned();
            insert(&mut after, &self.upstream.vendor.attributes, name, value);
        }
        let (before, after) = (before.into_owned(), after.into_owned());
        let changed = before != after;
        Ok(Merged { before, after, losses: Losses::default(), changed })
    }
}
