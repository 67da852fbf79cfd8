//! What an operation's path leads to by the schema: spelled, allowed, or refused.

use super::op::{PatchError, shown};
use crate::scim::coerce::Leniency;
use crate::scim::filter::{Filter, Literal, Path};
use crate::scim::schema::{Attribute, Found, Kind, Mutability, Schema, Unknown};

/// What a path leads to.
pub(super) enum Target<'s> {
    /// An attribute, sub-attribute or extension of the schema's.
    Attribute(&'s Attribute),
    /// The elements of a multi-valued attribute that a filter selects.
    Elements(&'s Attribute),
    /// There may be anything: a free key, or an attribute that the schema lets pass.
    Free,
    /// `schemas`, which is derived: the operation does nothing.
    Derived,
}

/// Spells the path as the schema does and says what it leads to.
///
/// Errors: `invalidPath` for what the schema does not have, `mutability` for what nobody may write.
pub(super) fn resolve<'s>(
    path: &mut Path,
    schema: &'s Schema,
    leniency: Leniency,
) -> Result<Target<'s>, PatchError> {
    match schema.find(path.members()) {
        Found::Common if path.members().any(|name| name.eq_ignore_ascii_case("schemas")) => {
            return Ok(Target::Derived);
        }
        Found::Common => return Err(read_only(path)),
        Found::Free => {
            spell(path, schema, leniency)?;
            return Ok(Target::Free);
        }
        Found::Unknown if schema.unknown == Unknown::Ignore && !below_simple(path, schema) => {
            return Ok(Target::Free);
        }
        Found::Unknown => {
            let detail = format!(
                "The path {} names no attribute of the {} schema.",
                shown(path),
                schema.resource
            );
            return Err(PatchError::new("invalidPath", detail));
        }
        Found::Attribute(_) => {}
    }
    spell(path, schema, leniency)?;
    match schema.find(path.members()) {
        Found::Attribute(attribute) if path.filter.is_some() && path.sub.is_empty() => {
            Ok(Target::Elements(attribute))
        }
        Found::Attribute(attribute) => Ok(Target::Attribute(attribute)),
        _ => Ok(Target::Free),
    }
}

/// Whether the path leads into an attribute that has one simple value. What the schema lacks may be the
/// client's own; what it has without parts has none.
fn below_simple(path: &Path, schema: &Schema) -> bool {
    let names: Vec<&str> = path.members().collect();
    (1..names.len()).filter_map(|end| names.get(..end)).any(|above| {
        matches!(schema.find(above.iter().copied()), Found::Attribute(attribute)
            if !attribute.multi_valued && !matches!(attribute.kind, Kind::Complex | Kind::Any))
    })
}

/// Gives every name the schema's spelling, and checks what stands on the way.
fn spell(path: &mut Path, schema: &Schema, leniency: Leniency) -> Result<(), PatchError> {
    let text = shown(path);
    let mut at: Option<&Attribute> = None;
    let mut filtered = path.filter.take();
    let names = path.urn.iter_mut().map(|name| (name, false));
    let names = names.chain(path.attribute.iter_mut().map(|name| (name, true)));
    for (name, may_be_filtered) in names.chain(path.sub.iter_mut().map(|name| (name, false))) {
        let found = match at {
            None => schema.attribute(name),
            Some(parent) => parent.attribute(name),
        };
        let Some(attribute) = found else { break };
        if attribute.mutability == Mutability::ReadOnly {
            return Err(read_only_named(&text));
        }
        name.clone_from(&attribute.name);
        if may_be_filtered && let Some(filter) = &mut filtered {
            check_filter(filter, attribute, &text, leniency)?;
        }
        at = Some(attribute);
    }
    path.filter = filtered;
    Ok(())
}

pub(super) fn read_only(path: &Path) -> PatchError {
    read_only_named(&shown(path))
}

fn read_only_named(path: &str) -> PatchError {
    PatchError::new("mutability", format!("The attribute {path} is read-only: leave it out."))
}

/// A value filter needs a multi-valued complex attribute, and only that one's sub-attributes.
fn check_filter(
    filter: &mut Filter,
    attribute: &Attribute,
    path: &str,
    leniency: Leniency,
) -> Result<(), PatchError> {
    if !attribute.multi_valued || attribute.kind != Kind::Complex {
        let detail = format!(
            "The path {path} has a value filter, but {} is not a multi-valued complex attribute.",
            attribute.name
        );
        return Err(PatchError::new("invalidPath", detail));
    }
    check_terms(filter, attribute, path, leniency)
}

/// Recursion is bounded by the grammar's depth.
fn check_terms(
    filter: &mut Filter,
    attribute: &Attribute,
    path: &str,
    leniency: Leniency,
) -> Result<(), PatchError> {
    match filter {
        Filter::And(terms) | Filter::Or(terms) => {
            terms.iter_mut().try_for_each(|term| check_terms(term, attribute, path, leniency))
        }
        Filter::Not(inner) => check_terms(inner, attribute, path, leniency),
        Filter::Present(at) => check_name(at, attribute, path).map(|_| ()),
        Filter::Compare { path: at, literal, .. } => {
            let sub = check_name(at, attribute, path)?;
            let boolean = sub.is_some_and(|sub| sub.kind == Kind::Boolean);
            if leniency.string_booleans && boolean {
                make_boolean(literal);
            }
            Ok(())
        }
        Filter::Element { .. } => {
            Err(PatchError::new("invalidPath", format!("The value filter of {path} is nested.")))
        }
    }
}

fn check_name<'s>(
    at: &mut Path,
    attribute: &'s Attribute,
    path: &str,
) -> Result<Option<&'s Attribute>, PatchError> {
    let found = at.attribute.as_deref().and_then(|name| attribute.attribute(name));
    match (found, at.attribute.as_mut()) {
        (Some(sub), Some(name)) => {
            name.clone_from(&sub.name);
            Ok(Some(sub))
        }
        _ if attribute.is_free() => Ok(None),
        _ => {
            let detail = format!(
                "The value filter of {path} names {}, which {} does not have.",
                shown(at),
                attribute.name
            );
            Err(PatchError::new("invalidPath", detail))
        }
    }
}

fn make_boolean(literal: &mut Literal) {
    let read = match literal {
        Literal::String(text) if text.eq_ignore_ascii_case("true") => true,
        Literal::String(text) if text.eq_ignore_ascii_case("false") => false,
        _ => return,
    };
    *literal = Literal::Bool(read);
}
