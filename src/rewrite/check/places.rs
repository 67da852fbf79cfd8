//! Whether the places of rules are there, and are written as the schemas have them.

use super::finding::{At, Check, Side};
use crate::diagnostic::did_you_mean;
use crate::rewrite::code::{
    BAD_URN, NEVER_HOLDS, NO_CANONICAL_PLACE, NO_ELEMENT_STEP, NO_VENDOR_PLACE, NOT_MULTI_VALUED,
    PREDICATE_NAME,
};
use crate::rewrite::fit::is_one_value;
use crate::rewrite::lookup::{PlaceFound, SchemaPlace, resolve};
use crate::rewrite::place::{Element, Place};
use crate::rewrite::rule::Pick;
use crate::scim::filter::Literal;
use crate::scim::schema::{Attribute, Schema, is_urn};
use crate::scim::uri::{is_well_formed_urn, meant};

impl<'s> Check<'s> {
    /// Follows a place; reports it where the side's schema does not have it as it is written.
    pub(super) fn place(&mut self, side: Side, place: &'s Place, at: At<'_>) -> SchemaPlace<'s> {
        let schema = match side {
            Side::Canonical => self.canonical,
            Side::Vendor => self.vendor,
        };
        let mut resolved = resolve(schema, place);
        if let PlaceFound::Nothing { name, within } = resolved.found {
            if side == Side::Canonical && within.is_none() && is_urn(name) {
                resolved.found = PlaceFound::FreeKey;
            } else {
                self.missing(side, place, at, (name, within), schema);
            }
        }
        let first = place.members.first().filter(|first| is_urn(first));
        if let (PlaceFound::FreeKey, Some(urn)) = (&resolved.found, first) {
            self.own_urn(urn, at);
        }
        if let Some(skipped) = resolved.skipped {
            let label = format!("in `{place}`, `{}` is multi-valued", skipped.name);
            let message = "a sub-attribute of a multi-valued attribute needs a step";
            let hint = "write `[*]` for every element, or a predicate such as `[?@.type=='work']`";
            self.report(NO_ELEMENT_STEP, at, message, label, hint);
        }
        if let Some(attribute) = resolved.elements {
            self.step(attribute, place, at);
        }
        resolved
    }

    /// An extension of one's own, which no schema lists: its URN is one, and nobody else's misspelt.
    fn own_urn(&mut self, urn: &str, at: At<'_>) {
        let listed = self.canonical.extensions().chain(self.vendor.extensions());
        let mut known: Vec<&str> = listed.map(|extension| extension.name.as_str()).collect();
        if known.iter().any(|known| known.eq_ignore_ascii_case(urn)) {
            return;
        }
        known.extend([self.canonical.urn.as_str(), self.vendor.urn.as_str()]);
        let (label, hint) = match meant(urn, known) {
            Some(meant) => {
                ("nearly a URN that is known".to_owned(), format!("did you mean `{meant}`?"))
            }
            None if is_well_formed_urn(urn) => return,
            None => {
                let hint = "write urn:<namespace>:<name>, such as urn:example:scim:2.0:User";
                ("not of the form of RFC 8141".to_owned(), hint.to_owned())
            }
        };
        self.report(BAD_URN, at, "this is not the URN of an extension", label, &hint);
    }

    fn missing(
        &mut self,
        side: Side,
        place: &Place,
        at: At<'_>,
        (name, within): (&str, Option<&Attribute>),
        schema: &Schema,
    ) {
        let (code, message) = match side {
            Side::Vendor => (NO_VENDOR_PLACE, "the vendor's schema does not have this place"),
            Side::Canonical => {
                (NO_CANONICAL_PLACE, "the canonical schema does not have this place")
            }
        };
        let attributes = within.map_or(&schema.attributes, |parent| &parent.attributes);
        let hint = match did_you_mean(name, attributes.iter().map(|a| a.name.as_str())) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if side == Side::Vendor => "schema.toml lists what the vendor has".to_owned(),
            None => "what RFC 7643 does not have stands below an extension's URN".to_owned(),
        };
        let label = format!("`{place}`: there is no `{name}`");
        self.report(code, at, message, label, &hint);
    }

    /// The step into an attribute's elements.
    fn step(&mut self, attribute: &Attribute, place: &Place, at: At<'_>) {
        if !attribute.multi_valued {
            let label = format!("in `{place}`, `{}` is singular", attribute.name);
            let message = "a singular attribute has no elements";
            let hint = format!("write `.{}` without `[…]`", attribute.name);
            self.report(NOT_MULTI_VALUED, at, message, label, &hint);
        }
        let Element::Where(terms) = &place.element else { return };
        for (name, literal) in terms {
            self.term(attribute, name, literal, at);
        }
    }

    /// A comparison of a predicate or a pick.
    fn term(&mut self, attribute: &Attribute, name: &str, literal: &Literal, at: At<'_>) {
        match attribute.attribute(name) {
            Some(sub) if !is_one_value(sub) => {
                let label = format!("`{name}` is not one simple value");
                let hint = "compare with a simple sub-attribute that has one value";
                self.report(NEVER_HOLDS, at, "a condition that can never hold", label, hint);
            }
            Some(sub) => self.literal(sub, literal, at),
            None if attribute.open => {}
            None => {
                let names = attribute.attributes.iter().map(|sub| sub.name.as_str());
                let hint = match did_you_mean(name, names.clone()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("it has: {}", names.collect::<Vec<_>>().join(", ")),
                };
                let message = "the elements have no attribute of this name";
                let label = format!("`{}` has no `{name}`", attribute.name);
                self.report(PREDICATE_NAME, at, message, label, &hint);
            }
        }
    }

    /// A pick names an attribute of the elements that it chooses from, on the side that has several.
    pub(super) fn pick_names(
        &mut self,
        picks: &[Pick],
        ends: (SchemaPlace<'s>, SchemaPlace<'s>),
        at: At<'_>,
    ) {
        let many = |end: SchemaPlace<'s>| {
            end.elements.or(end.attribute()).filter(|a| a.multi_valued && !a.attributes.is_empty())
        };
        let Some(attribute) = many(ends.0).or(many(ends.1)) else { return };
        for pick in picks {
            if let Pick::Where(name, literal) = pick {
                self.term(attribute, name, literal, at);
            }
        }
    }
}
