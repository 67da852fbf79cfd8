//! Finds a path in the schema that a program writes to.

use std::sync::Arc;

use super::program::TargetStep;
use crate::scim::schema::{Attribute, Kind, Mutability, Schema, attribute_at};

/// A place of the target as the schema sees it.
pub struct TargetPlace {
    pub steps: Vec<TargetStep>,
    pub array: Option<usize>,
    pub attribute: Attribute,
    pub read_only: bool,
    pub derived_from: Option<Arc<str>>,
}

/// The target's attribute at a path; a free key is `*` or a name under an open object.
pub fn find(target: &Schema, path: &[String]) -> Option<TargetPlace> {
    let mut attributes = target.attributes.as_slice();
    let mut open = target.open_extensions;
    let mut found: Option<TargetPlace> = None;
    for (depth, name) in path.iter().enumerate() {
        let at = attributes.iter().position(|a| a.name.eq_ignore_ascii_case(name));
        let before = found.take();
        let (attribute, position) = match at.and_then(|at| Some((attributes.get(at)?, at))) {
            Some((attribute, at)) => (attribute.clone(), u16::try_from(at).unwrap_or(u16::MAX)),
            None if open && (depth > 0 || crate::scim::schema::is_urn(name)) => {
                (Attribute { open: true, ..Attribute::new(name, Kind::Any) }, u16::MAX)
            }
            None => return None,
        };
        open = attribute.open || attribute.kind == Kind::Any;
        let array = before.as_ref().and_then(|found| found.array);
        let last = depth + 1 == path.len();
        let is_array = attribute.multi_valued && attribute.kind == Kind::Complex && !last;
        let mut steps = before.as_ref().map(|found| found.steps.clone()).unwrap_or_default();
        steps.push(TargetStep { name: attribute.name.as_str().into(), position });
        let derived = before.as_ref().and_then(|found| found.derived_from.clone());
        found = Some(TargetPlace {
            array: array.or(is_array.then_some(depth)),
            read_only: before.is_some_and(|found| found.read_only)
                || attribute.mutability == Mutability::ReadOnly,
            derived_from: derived.or(attribute.derived_from.as_deref().map(Arc::from)),
            steps,
            attribute,
        });
        let below = attribute_at(&target.attributes, path.iter().take(depth + 1));
        attributes = below.map_or(&[], |attribute| attribute.attributes.as_slice());
    }
    found
}
