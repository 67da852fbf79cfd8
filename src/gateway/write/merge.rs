//! put between two dialects (docs/semantics.md 4): the client's replacement over what the upstream has.

use std::borrow::Cow;

use super::demand;
use super::informative::{Told, informative};
use super::kept::{keep_omitted, keep_permanent, keep_unclearable};
use super::merged::Merged;
use super::refusals::{permanent, understood};
use super::writable::{trim, writable};
use crate::dialect::Put;
use crate::fault::Fault;
use crate::gateway::pair::{Losses, Pair, checked};
use crate::gateway::route::{Omitted, Policies};
use crate::rewrite::lens::insert;
use crate::rewrite::put::put;
use crate::rewrite::translate::Message;
use crate::scim::Object;
use crate::scim::equal::{TextCase, equal};
use crate::scim::reading::Old;
use crate::scim::schema::{Operation, is_urn};

impl Pair {
    /// put (docs/semantics.md 4): the client's replacement over the resource that the upstream has.
    ///
    /// # Errors
    /// `InvalidValue` for values that a rule or the upstream's schema refuses.
    pub fn merge<'o>(
        &self,
        user: &Object<'_>,
        stored: impl Into<Old<'o>>,
        policies: &Policies,
        explicit: bool,
    ) -> Result<Merged, Fault> {
        let stored = stored.into();
        let message = Message::Request(Operation::Replace);
        let lifted = self.lift(stored.read);
        let mut view = self.show(&lifted.object).object;
        let mut user = user.borrowed();
        if !explicit && self.omission(policies) == Omitted::Keep {
            keep_omitted(&mut user, &view);
        }
        if !explicit {
            self.keep_unmanaged(&mut user, &view);
            if self.hides_undeclared {
                self.keep_undeclared(&mut user, &view);
            }
            self.withhold(&mut view, &user);
        }
        let mut wanted = checked(self.client.lift(&user, message))?;
        let seen = self.client.lift(&view, message);
        if !explicit {
            for name in &self.table.sticky {
                if let (false, Some(old)) = (wanted.object.contains(name), seen.object.get(name)) {
                    let old = old.clone();
                    insert(&mut wanted.object, &self.client.canonical.attributes, name, old);
                }
            }
        }
        let new = checked(self.upstream.lower(&wanted.object, message))?;
        let shown = self.upstream.lower(&seen.object, message);
        let schema = &self.upstream.vendor;
        let laid = put(stored, &new.object, &shown.object, schema, &self.identity);
        understood(&laid.conflicts)?;
        let mut after = laid.object;
        self.fix(&user, &view, &mut after)?;
        let kept = keep_permanent(stored.came(), &mut after, &schema.attributes);
        if let (true, Some(kept)) = (explicit, &kept) {
            return Err(permanent(kept));
        }
        // What the client asked: constants are for what is created or replaced.
        let asked = if explicit { Operation::Patch } else { Operation::Replace };
        let before = Some(stored.came());
        let made = self.upstream.complete_over(&mut after, &wanted.object, asked, before);
        let mut before = stored.came().borrowed();
        for object in [&mut after, &mut before] {
            trim(object, &schema.attributes);
            writable(object, &schema.attributes);
        }
        demand::say_empty(&mut after, schema, Operation::Replace);
        demand::check_change(&before, &after, schema, Operation::Replace)?;
        let near = Told { object: &view, losses: seen.losses };
        let far = Told { object: &seen.object, losses: shown.losses };
        let lifting = informative(Told { object: &user, losses: wanted.losses }, &near);
        let lowering = informative(Told { object: &wanted.object, losses: new.losses }, &far);
        let mut losses = Losses { lifting, lowering };
        losses.lowering.extend(made);
        if self.keeps_what_is_left_out() {
            let attributes = &schema.attributes;
            keep_unclearable(&before, &mut after, attributes, "", &mut losses.lowering);
        }
        let changed = !equal(&before, &after, schema, TextCase::Exact);
        Ok(Merged { before: before.into_owned(), after: after.into_owned(), losses, changed })
    }

    /// An extension that the client neither knows nor says is hidden from it.
    fn keep_unmanaged<'a>(&self, user: &mut Object<'a>, view: &Object<'a>) {
        let known = |name: &str| {
            let listed = self.client.vendor.attribute(name).is_some();
            listed && !self.unmanaged.iter().any(|urn| urn.eq_ignore_ascii_case(name))
        };
        for (name, shown) in view.iter() {
            if is_urn(name) && !known(name) && !user.contains(name) {
                user.push(Cow::Owned(name.to_owned()), shown.clone());
            }
        }
    }

    /// What leaving an attribute out of a replacement means on a route.
    pub fn omission(&self, policies: &Policies) -> Omitted {
        policies.omitted.unwrap_or(match self.client_resource.put {
            Put::Replace => Omitted::Clear,
            Put::Merge => Omitted::Keep,
        })
    }
}
