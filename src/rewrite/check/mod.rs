//! Rules against the two schemas that they stand between: whether their places are there, and
//! whether what one end holds fits the other.
//!
//! What one rule says is looked at by itself; whether it does anything, and whether another wants the
//! same leaf, as it lies over the rules below it.

mod across;
mod conflict;
mod fit;
mod idle;
mod overlap;

use crate::diagnostic::{Code, Diagnostic, any_error, did_you_mean, sort};
use crate::scim::filter::Literal;
use crate::scim::schema::{Attribute, Mutability, Operation, Returned, Schema, is_urn};
use crate::scim::uri::{is_well_formed_urn, meant};

use super::code::{
    BAD_URN, NEVER_ACTS, NEVER_HOLDS, NO_CANONICAL_PLACE, NO_ELEMENT_STEP, NO_VENDOR_PLACE,
    NOT_MULTI_VALUED, PREDICATE_NAME, READ_ONLY,
};
use super::fit::is_one_value;
use super::lookup::{PlaceFound, SchemaPlace, resolve};
use super::place::{Element, Place};
use super::rule::{Fill, Part, Pick, RuleOrigin, Rules, Set, SetTarget, Text, When};

pub use across::{across, conflicts};
pub use overlap::{Relation, relation};

/// All mistakes of a dialect's rules that only the schemas show, sorted by place.
pub fn check(rules: &Rules, canonical: &Schema, vendor: &Schema) -> Vec<Diagnostic> {
    check_over(rules, &Rules::default(), canonical, vendor)
}

/// The same of an overlay's rules, which lie over a dialect's.
pub fn check_over(
    rules: &Rules,
    below: &Rules,
    canonical: &Schema,
    vendor: &Schema,
) -> Vec<Diagnostic> {
    let mut check = Check { canonical, vendor, found: Vec::new() };
    for map in &rules.maps {
        let at = |key| At { origin: &map.origin, key };
        let ends = (
            check.place(Side::Canonical, &map.canonical, at("canonical")),
            check.place(Side::Vendor, &map.vendor, at("vendor")),
        );
        check.pick_names(&map.pick, ends, at("pick"));
        check.ends_fit(map, ends);
    }
    rules.fills.iter().for_each(|fill| check.fill(fill));
    rules.sets.iter().for_each(|set| check.set(set));
    let mut found = check.found;
    found.extend(conflicts(std::slice::from_ref(rules)));
    found.extend(across(below, std::slice::from_ref(rules)));
    if !any_error(&found) {
        found.extend(idle::idle(rules, below, canonical, vendor));
    }
    sort(&mut found);
    found
}

/// The requests that `set` writes into.
const CREATE_OR_REPLACE: [Operation; 2] = [Operation::Create, Operation::Replace];

const NEVER: &str = "a rule that can never act";

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Canonical,
    Vendor,
}

/// A value of a rule: what a diagnostic underlines.
#[derive(Clone, Copy)]
struct At<'r> {
    origin: &'r RuleOrigin,
    key: &'static str,
}

struct Check<'s> {
    canonical: &'s Schema,
    vendor: &'s Schema,
    found: Vec<Diagnostic>,
}

impl<'s> Check<'s> {
    /// Follows a place; reports it where the side's schema does not have it as it is written.
    fn place(&mut self, side: Side, place: &'s Place, at: At<'_>) -> SchemaPlace<'s> {
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
    fn pick_names(&mut self, picks: &[Pick], ends: (SchemaPlace<'s>, SchemaPlace<'s>), at: At<'_>) {
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

    fn fill(&mut self, fill: &'s Fill) {
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

    fn set(&mut self, set: &'s Set) {
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

    fn report(
        &mut self,
        code: Code,
        at: At<'_>,
        message: &str,
        label: impl Into<String>,
        hint: &str,
    ) {
        let diagnostic = Diagnostic::error(code, message);
        let labelled = diagnostic.at(&at.origin.file, at.origin.span_of(at.key), label);
        self.found.push(labelled.with_hint(hint));
    }
}
