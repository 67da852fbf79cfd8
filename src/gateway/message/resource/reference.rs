//! `$ref`: the URL of a resource that another one names (RFC 7643 section 2.4).
//!
//! The id beside it is what counts. A URL of one side means nothing on the other, so a request
//! loses it and an answer gets the gateway's own, or none (docs/semantics.md 10).

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::frame::Location;
use crate::dialect::Resource;
use crate::scim::endpoint::Id;
use crate::scim::schema::Attribute;
use crate::scim::value::{Object, Value};

const REF: &str = "$ref";

/// Takes out the `$ref`s of a client; one without a `value` gives its last segment as the value.
///
/// `attributes` are those of the schema that describes `object`; free keys are left alone.
pub fn read_references(attributes: &[Attribute], object: &mut Object) {
    each_holder(attributes, object, &mut |_, holder| {
        let Some(url) = holder.remove(REF) else { return };
        if holder.contains("value") {
            return;
        }
        let id = url.as_str().and_then(|url| url.trim_end_matches('/').rsplit('/').next());
        if let Some(id) = id.filter(|id| !id.is_empty()) {
            let id = percent_decode_str(id).decode_utf8_lossy().into_owned();
            holder.push("value", Value::String(Cow::Owned(id)));
        }
    });
}

/// Puts the gateway's URL in the place of every `$ref`, and leaves out those of unknown targets.
pub(super) fn write_references(attributes: &[Attribute], object: &mut Object, place: &Location) {
    each_holder(attributes, object, &mut |name, holder| {
        let Some(old) = holder.get(REF) else { return };
        let target = target(name, holder, old.as_str(), place.resources);
        // A URL that nobody could ask for is none.
        let id = holder.get("value").and_then(Value::as_str).filter(|id| Id::new(*id).is_ok());
        match target.zip(id).map(|(target, id)| place.of(target, id)) {
            Some(url) => holder.insert(REF, Value::String(Cow::Owned(url))),
            None => drop(holder.remove(REF)),
        }
    });
}

/// Visits every object whose schema has a `$ref`, with its attribute's name.
fn each_holder<'a>(
    attributes: &[Attribute],
    object: &mut Object<'a>,
    visit: &mut dyn FnMut(&str, &mut Object<'a>),
) {
    let refers = |attribute: &&Attribute| attribute.extension || attribute.attribute(REF).is_some();
    for attribute in attributes.iter().filter(refers) {
        let Some(value) = object.get_mut(&attribute.name) else { continue };
        if attribute.extension {
            if let Some(extension) = value.as_object_mut() {
                each_holder(&attribute.attributes, extension, visit);
            }
        } else {
            match value {
                Value::Object(holder) => visit(&attribute.name, holder),
                Value::Array(elements) => elements
                    .iter_mut()
                    .filter_map(Value::as_object_mut)
                    .for_each(|holder| visit(&attribute.name, holder)),
                _ => {}
            }
        }
    }
}

/// The resource type that is referred to: by `type`, by the attribute, or by the old URL's path.
fn target<'r>(
    attribute: &str,
    holder: &Object,
    old: Option<&str>,
    resources: &'r [Resource],
) -> Option<&'r Resource> {
    let named = |name: &str| {
        resources.iter().find(|resource| resource.schema.resource.eq_ignore_ascii_case(name))
    };
    let by_type = holder.get("type").and_then(Value::as_str).and_then(named);
    // RFC 7643 sections 4.1.2 and 4.3: what these two can name is fixed.
    by_type.or_else(|| match () {
        () if attribute.eq_ignore_ascii_case("groups") => named("Group"),
        () if attribute.eq_ignore_ascii_case("manager") => named("User"),
        () => {
            let segment = old?.trim_end_matches('/').rsplit('/').nth(1)?;
            resources.iter().find(|resource| {
                let standard = segment.strip_suffix(['s', 'S']).unwrap_or(segment);
                segment.eq_ignore_ascii_case(&resource.path)
                    || standard.eq_ignore_ascii_case(&resource.schema.resource)
            })
        }
    })
}
