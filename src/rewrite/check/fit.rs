//! Whether the ends of a map fit: types, numbers of values, literals.

use crate::diagnostic::Diagnostic;
use crate::rewrite::code::{
    KINDS, LITERAL_TYPE, MANY_TO_ONE, NOT_CANONICAL, PICK_OF_ONE, VALUE_TYPE,
};
use crate::rewrite::fit::{carries, group, takes};
use crate::rewrite::lookup::SchemaPlace;
use crate::rewrite::place::{Element, Place};
use crate::rewrite::rule::{Map, SetValue};
use crate::scim::Value;
use crate::scim::filter::Literal;
use crate::scim::schema::{Attribute, Kind};

use super::finding::{At, Check};

impl<'s> Check<'s> {
    /// Both ends of a map; an end that is free takes anything.
    pub(super) fn ends_fit(&mut self, map: &Map, ends: (SchemaPlace<'s>, SchemaPlace<'s>)) {
        let at = |key| At { origin: &map.origin, key };
        if let Some(values) = &map.values {
            for (canonical, vendor) in &values.pairs {
                ends.0.attribute().iter().for_each(|a| self.literal(a, canonical, at("values")));
                ends.1.attribute().iter().for_each(|a| self.literal(a, vendor, at("values")));
            }
        }
        let (Some(canonical), Some(vendor)) = (ends.0.attribute(), ends.1.attribute()) else {
            return;
        };
        if let Some(label) = misfit(map, canonical, vendor) {
            let message = "the two ends of this map have types that do not fit";
            let hint = "name attributes whose values are alike (a list and one value are not), or say how \
                        to turn one value into the other by `values` or `convert`";
            self.report(KINDS, at("vendor"), message, label, hint);
            return;
        }
        if canonical.kind == Kind::Any || vendor.kind == Kind::Any {
            return;
        }
        let room = (room(&map.canonical, ends.0, canonical), room(&map.vendor, ends.1, vendor));
        if room.0 != room.1 && map.pick.is_empty() {
            let message = "several elements could meet one place, and nothing says which stays";
            let label = format!("`{}` and `{}`", map.canonical, map.vendor);
            let hint = "add `pick`, such as `[\"primary\", \"first\"]`, and `loss`; or step to one \
                        element by a predicate";
            self.report(MANY_TO_ONE, at("vendor"), message, label, hint);
        }
        if room == (1, 1) && !map.pick.is_empty() {
            let message = "both ends hold one value: there is nothing to pick from";
            self.report(PICK_OF_ONE, at("pick"), message, "this map", "remove `pick`");
        }
    }

    /// A literal that is compared with, or written to, an attribute.
    pub(super) fn literal(&mut self, attribute: &Attribute, literal: &Literal, at: At<'_>) {
        if !takes(attribute.kind, literal) {
            let message = "a literal of another type than its attribute";
            let label = format!("{} for `{}`", describe(literal), attribute.name);
            let hint = format!("`{}` is {}", attribute.name, kind_name(attribute.kind));
            return self.report(LITERAL_TYPE, at, message, label, &hint);
        }
        let Literal::String(text) = literal else { return };
        let known = &attribute.canonical_values;
        let same = |value: &String| match attribute.case_exact {
            true => value == text,
            false => value.eq_ignore_ascii_case(text),
        };
        if !known.is_empty() && !known.iter().any(same) {
            let message = "a literal that is not among the attribute's canonicalValues";
            let label = format!("`{text}` for `{}`", attribute.name);
            let warning = Diagnostic::warning(NOT_CANONICAL, message);
            let hint = format!("it has: {}", known.join(", "));
            let warning =
                warning.at(&at.origin.file, at.origin.span_of(at.key), label).with_hint(hint);
            self.found.push(warning);
        }
    }

    /// A source of a text.
    pub(super) fn text(&mut self, source: SchemaPlace<'s>, place: &Place, at: At<'_>) {
        let Some(attribute) = source.attribute() else { return };
        let (label, hint) = match attribute.kind {
            Kind::Complex => (format!("`{place}` is complex"), "name one of its sub-attributes"),
            kind if attribute.multi_valued => {
                let label = format!("`{place}` is {}, multi-valued", kind_name(kind));
                (label, "name an attribute that has one value")
            }
            kind if matches!(group(kind), Kind::String | Kind::Any) => return,
            kind => {
                (format!("`{place}` is {}", kind_name(kind)), "name an attribute that is a text")
            }
        };
        self.report(KINDS, at, "a text cannot be made of this attribute", label, hint);
    }

    pub(super) fn set_value(&mut self, target: SchemaPlace<'s>, value: &SetValue, at: At<'_>) {
        let Some(attribute) = target.attribute() else { return };
        let fits = match value {
            SetValue::Variable { .. } => takes(attribute.kind, &Literal::String(String::new())),
            SetValue::Constant(Value::Array(elements)) => {
                let each = |element| holds(attribute.kind, element);
                attribute.kind == Kind::Any || (attribute.multi_valued && elements.iter().all(each))
            }
            SetValue::Constant(value) => {
                holds(attribute.kind, value)
                    && (!attribute.multi_valued || attribute.kind == Kind::Any)
            }
        };
        if !fits {
            let message = "a value of another type than its place";
            let label = format!("`{}` does not take this `value`", attribute.name);
            let many = if attribute.multi_valued { ", multi-valued" } else { "" };
            let hint = format!("`{}` is {}{many}", attribute.name, kind_name(attribute.kind));
            self.report(VALUE_TYPE, at, message, label, &hint);
        }
    }
}

/// Why the types of a map's ends do not fit.
fn misfit(map: &Map, canonical: &Attribute, vendor: &Attribute) -> Option<String> {
    let end = |attribute: &Attribute| {
        let many = if attribute.multi_valued { ", multi-valued" } else { "" };
        format!("`{}` is {}{many}", attribute.name, kind_name(attribute.kind))
    };
    (!carries(map, canonical, vendor)).then(|| format!("{}, {}", end(canonical), end(vendor)))
}

/// How many values a place has room for. A predicate is taken to choose one element.
fn room(place: &Place, resolved: SchemaPlace<'_>, attribute: &Attribute) -> usize {
    let unlimited = |attribute: &Attribute| attribute.max.unwrap_or(usize::MAX);
    match place.element {
        Element::Where(_) => 1,
        Element::Each => resolved.elements.map_or(1, unlimited),
        Element::Whole if attribute.multi_valued => unlimited(attribute),
        Element::Whole => 1,
    }
}

fn holds(kind: Kind, value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => takes(kind, &Literal::Bool(*value)),
        Value::Number(number) => takes(kind, &Literal::Number(number.clone().into_owned())),
        Value::String(text) => takes(kind, &Literal::String(text.clone().into_owned())),
        Value::Array(_) => kind == Kind::Any,
        Value::Object(_) => matches!(kind, Kind::Complex | Kind::Any),
    }
}

fn describe(literal: &Literal) -> &'static str {
    match literal {
        Literal::Null => "null",
        Literal::Bool(_) => "a boolean",
        Literal::Number(_) => "a number",
        Literal::String(_) => "a string",
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::String => "a string",
        Kind::Boolean => "a boolean",
        Kind::Decimal => "a decimal",
        Kind::Integer => "an integer",
        Kind::DateTime => "a dateTime",
        Kind::Binary => "a binary",
        Kind::Reference => "a reference",
        Kind::Complex => "complex",
        Kind::Any => "of any type",
    }
}
