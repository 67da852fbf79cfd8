//! The two schemas that a dialect's rules stand between, with what the rules themselves name.
//!
//! Canonical holds the vendor's URN extensions as they are (docs/semantics.md 1.1), and both sides hold the free
//! keys that rules name, typed by the other side, so that a rule's key is a leaf like any other.

use super::fit::far_model;
use super::layers::{End, Layers};
use super::place::Place;
use super::rule::{Set, SetTarget};
use crate::scim::schema::{Attribute, Kind, Operations, Schema, attribute_at, is_urn};

/// (canonical, vendor)
pub fn schemas(canonical: &Schema, vendor: &Schema, layers: &Layers) -> (Schema, Schema) {
    let mut hub = canonical.clone();
    for extension in vendor.extensions() {
        if hub.attribute(&extension.name).is_none() {
            hub.attributes.push(extension.clone());
        }
    }
    let mut spoke = vendor.clone();
    for map in &layers.maps {
        let model = far_model(map, attribute_at(&spoke.attributes, map.vendor.names()), false);
        ensure(&mut hub, &map.canonical, model.as_ref(), true);
    }
    for map in &layers.maps {
        let model = far_model(map, attribute_at(&hub.attributes, map.canonical.names()), true);
        ensure(&mut spoke, &map.vendor, model.as_ref(), true);
        type_any(&mut spoke, &map.vendor, model.as_ref());
        // An open object on both sides: the key that a rule owns here is not carried from there.
        ensure(&mut hub, &map.vendor, None, false);
        ensure(&mut spoke, &map.canonical, None, false);
    }
    for Set { target, .. } in &layers.sets {
        match target {
            SetTarget::Canonical(place) => ensure(&mut hub, place, None, true),
            SetTarget::Vendor(place) => ensure(&mut spoke, place, None, true),
        }
    }
    for shadow in &layers.shadows {
        match shadow.side {
            End::Canonical => ensure(&mut hub, &shadow.place, None, true),
            End::Vendor => ensure(&mut spoke, &shadow.place, None, true),
        }
    }
    (hub, spoke)
}

/// An attribute of any type that a rule carries to one of a known type holds that type: what has
/// another cannot be carried, and is told so.
fn type_any(schema: &mut Schema, place: &Place, model: Option<&Attribute>) {
    let Some(model) = model.filter(|model| model.kind != Kind::Any) else { return };
    let mut names = place.names();
    let mut at = names.next().and_then(|first| {
        schema.attributes.iter_mut().find(|a| a.name.eq_ignore_ascii_case(first))
    });
    for name in names {
        at = at.and_then(|at| {
            at.attributes.iter_mut().find(|below| below.name.eq_ignore_ascii_case(name))
        });
    }
    if let Some(attribute) = at.filter(|attribute| attribute.kind == Kind::Any) {
        attribute.kind = model.kind;
        attribute.multi_valued = model.multi_valued;
        attribute.open = model.open;
        attribute.attributes = model.attributes.iter().map(bare).collect();
    }
}

/// Lists the free key that a place names, in an open object or (`extend`) under a new URN.
fn ensure(schema: &mut Schema, place: &Place, model: Option<&Attribute>, extend: bool) {
    let names: Vec<&String> = place.names().collect();
    let mut attributes = &mut schema.attributes;
    let mut open = true;
    for (depth, name) in names.iter().enumerate() {
        let last = depth + 1 == names.len();
        let at = match attributes.iter().position(|a| a.name.eq_ignore_ascii_case(name)) {
            Some(at) => at,
            None if open && (depth > 0 || (extend && is_urn(name))) => {
                attributes.push(free(name, if last { model } else { None }, last));
                attributes.len().saturating_sub(1)
            }
            None => return,
        };
        let Some(next) = attributes.get_mut(at) else { return };
        open = next.open || next.kind == Kind::Any;
        attributes = &mut next.attributes;
    }
}

fn free(name: &str, model: Option<&Attribute>, last: bool) -> Attribute {
    let mut attribute = match model {
        Some(model) => Attribute { name: name.to_owned(), ..model.clone() },
        None if last => Attribute::new(name, Kind::Any),
        None => Attribute { open: true, ..Attribute::new(name, Kind::Complex) },
    };
    attribute = bare(&attribute);
    attribute.extension = is_urn(name);
    attribute
}

/// The attribute without its side's demands, which are not the other side's.
fn bare(attribute: &Attribute) -> Attribute {
    Attribute {
        required: Operations::NONE,
        default: None,
        permanent: false,
        format: None,
        derived_from: None,
        attributes: attribute.attributes.iter().map(bare).collect(),
        ..attribute.clone()
    }
}
