//! How a change is told to the upstream: as PUT, or as one PATCH of the difference.

use super::demand;
use super::merged::Merged;
use super::refusals::unsayable;
use super::taken::is_told;
use crate::dialect::Put;
use crate::fault::{Cause, Fault};
use crate::gateway::pair::Pair;
use crate::rewrite::program::label;
use crate::rewrite::translate::Message;
use crate::scim::Object;
use crate::scim::schema::{Attribute, Operation, Uniqueness};

impl Pair {
    /// The writes that make `before` into `after`: operation and body's attributes; several only for
    /// members. One PATCH of the difference goes before a PUT, whatever the client asked for: it says
    /// no more than the client changed, so that it undoes nothing that others write elsewhere.
    ///
    /// # Errors
    /// `NotImplemented` where the upstream cannot be told.
    pub fn written(
        &self,
        merged: &Merged,
        asked: Operation,
    ) -> Result<Vec<(Operation, Object<'static>)>, Fault> {
        let puts = self.upstream_resource.operations.has(Operation::Replace);
        let merges = self.upstream_resource.put == Put::Merge;
        let is_whole = |object: &Object<'_>| {
            demand::elements_are_whole(object, &self.upstream.vendor, Operation::Replace)
        };
        let whole = is_whole(&merged.after);
        let unsaid = self.unsaid(&merged.after);
        let unlike_a_put =
            !puts || merges || asked == Operation::Patch || !whole || unsaid.is_some();
        if let Some(bodies) = self.difference(&merged.before, &merged.after)
            && (bodies.len() == 1 || unlike_a_put)
        {
            return Ok(bodies.into_iter().map(|body| (Operation::Patch, body)).collect());
        }
        if !puts {
            return Err(unsayable("The upstream can neither replace nor patch this resource."));
        }
        let mut body = self.with_clears(merged)?;
        if !whole {
            // A replacement says the old elements, too.
            let canonical = self.upstream.lift(&merged.after, Message::Response).object;
            let replaces = Operation::Replace;
            drop(self.upstream.complete_elements(&mut body, &canonical, replaces, None));
        }
        if !whole && !is_whole(&body) {
            return Err(unsayable(
                "The upstream wants more of each element than the request says, and cannot be \
                 told in another way.",
            ));
        }
        if let Some(place) = unsaid {
            return Err(unsayable(&format!(
                "The upstream's answers leave out {}, which a replacement would wipe, and the \
                 change cannot be told as a PATCH. Say the attribute as well, or change it at the \
                 upstream.",
                label(place)
            )));
        }
        self.named(&merged.before, &body)?;
        Ok(vec![(Operation::Replace, body)])
    }

    /// Whether what was read has the name that every resource has: without it, it was not read as what it is,
    /// and a replacement would wipe it. Other attributes that the upstream demands old resources may lack.
    fn named(&self, before: &Object<'_>, body: &Object<'_>) -> Result<(), Fault> {
        let demanded = |attribute: &&Attribute| {
            attribute.required.has(Operation::Replace)
                && attribute.uniqueness != Uniqueness::None
                && is_told(attribute)
        };
        let absent = |name: &str| !before.contains(name) && !body.contains(name);
        let mut demanded = self.upstream.vendor.attributes.iter().filter(demanded);
        let Some(lacking) = demanded.find(|attribute| absent(&attribute.name)) else {
            return Ok(());
        };
        let detail = format!(
            "The upstream demands {} of a replacement, and its answer to the read before it has none, so \
             that nothing was sent: the operator has to check the upstream's `dialect` (names, `envelope`), \
             or the resource at the upstream.",
            lacking.name
        );
        Err(Fault::new(Cause::UpstreamUnexpected, detail))
    }
}
