//! Whether what rules write by themselves (`fill`, `set`) can stand where it is written, and is ever seen.

use super::finding::{At, Check, Side};
use crate::rewrite::code::{NEVER_ACTS, NEVER_HOLDS, READ_ONLY};
use crate::rewrite::fit::is_one_value;
use crate::rewrite::lookup::SchemaPlace;
use crate::rewrite::place::Place;
use crate::rewrite::rule::{Fill, Part, Set, SetTarget, Text, When};
use crate::scim::schema::{Attribute, Mutability, Operation, Returned};

/// The requests that `set` writes into.
const CREATE_OR_REPLACE: [Operation; 2] = [Operation::Create, Operation::Replace];

const NEVER: &str = "a rule that can never act";

impl<'s> Check<'s> {
    pub(super) fn fill(&mut self, fill: &'s Fill) {
        let Fill { vendor, from, when, loss: _, origin } = fill;
        let at = |key| At { origin, key };
        let target = self.place(Side::Vendor, vendor, at("vendor"));
        self.writable(target, vendor, at("vendor"));
        self.demanded(target, vendor, at("vendor"));
        for text in from {
            let places = match text {
                Text::Place(place) => vec![place],
                Text::Template(parts) => parts
                    .iter()
                    .filter_map(|part| match part {
                        Part::Place(place) => Some(place),
                        Part::Literal(_) => None,
                    })
                    .collect(),
            };
            for place in places {
                let source = self.place(Side::Canonical, place, at("from"));
                self.text(source, place, at("from"));
            }
        }
        self.when(when.as_ref(), at("when"));
    }

    pub(super) fn set(&mut self, set: &'s Set) {
        let Set { target, value, when, always: _, render, origin } = set;
        let at = |key| At { origin, key };
        let resolved = match target {
            SetTarget::Canonical(place) => {
                let resolved = self.place(Side::Canonical, place, at("canonical"));
                self.answered(resolved, place, at("canonical"));
                resolved
            }
            SetTarget::Vendor(place) => {
                let resolved = self.place(Side::Vendor, place, at("vendor"));
                if *render {
                    self.answered(resolved, place, at("vendor"));
                } else {
                    self.writable(resolved, place, at("vendor"));
                }
                resolved
            }
        };
        self.set_value(resolved, value, at("value"));
        self.when(when.as_ref(), at("when"));
    }

    fn when(&mut self, when: Option<&'s When>, at: At<'_>) {
        let Some(When { canonical, equals }) = when else { return };
        match self.place(Side::Canonical, canonical, at).attribute() {
            Some(attribute) if !is_one_value(attribute) => {
                let label = format!("`{canonical}` is not one simple value");
                let hint = "name a simple attribute that has one value, or one of an element";
                self.report(NEVER_HOLDS, at, "a condition that can never hold", label, hint);
            }
            Some(attribute) => self.literal(attribute, equals, at),
            None => {}
        }
    }

    /// The target of a rule that writes into requests.
    fn writable(&mut self, target: SchemaPlace<'s>, place: &Place, at: At<'_>) {
        let Some(attribute) = target.attribute() else { return };
        let read_only = |attribute: &Attribute| attribute.mutability == Mutability::ReadOnly;
        if read_only(attribute) || target.elements.is_some_and(read_only) {
            let message = "a request may not hold an attribute that is readOnly";
            let label = format!("`{place}` is readOnly");
            let hint = "for answers in the client role, `[[set]]` takes `render = true`";
            self.report(READ_ONLY, at, message, label, hint);
        } else if !CREATE_OR_REPLACE.iter().any(|operation| attribute.accepted.has(*operation)) {
            let label = format!("no create and no replacement may hold `{place}`");
            let hint = "remove the rule, or correct `accepted` in schema.toml";
            self.report(NEVER_ACTS, at, NEVER, label, hint);
        }
    }

    /// The vendor demands it, so that a `fill` has a reason to speak.
    fn demanded(&mut self, target: SchemaPlace<'s>, place: &Place, at: At<'_>) {
        let demanded = |attribute: &Attribute| {
            !attribute.required.is_empty() || attribute.mutability == Mutability::ReadOnly
        };
        if target.exists() && !target.attribute().is_some_and(demanded) {
            let label = format!("the vendor never demands `{place}`");
            let hint = "`fill` speaks where schema.toml says `required`; a constant is a `[[set]]`";
            self.report(NEVER_ACTS, at, NEVER, label, hint);
        }
    }

    /// Answers hold it, so that a `set` on a canonical place is seen.
    fn answered(&mut self, target: SchemaPlace<'s>, place: &Place, at: At<'_>) {
        let hidden = |attribute: &Attribute| {
            attribute.mutability == Mutability::WriteOnly || attribute.returned == Returned::Never
        };
        if target.attribute().is_some_and(hidden) {
            let label = format!("no answer holds `{place}`");
            self.report(NEVER_ACTS, at, NEVER, label, "remove the rule");
        }
    }
}
