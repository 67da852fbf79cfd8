//! Which places of a pair are immutable on one of its sides, known when it is loaded.

use crate::rewrite::lens::Lens;
use crate::rewrite::resolve::{Resolved, leaves, resolve};
use crate::scim::schema::{Attribute, Mutability, attribute_at};

/// A place that one of the sides lets nobody change.
#[derive(Debug, PartialEq)]
pub struct Fixed {
    /// In the client's words.
    pub client: Vec<String>,
    pub upstream: Vec<String>,
}

/// The places of a pair that can be set and not changed.
pub fn fixed(client: &Lens, upstream: &Lens) -> Vec<Fixed> {
    let mut places = Vec::new();
    for (spot, _, resolved) in leaves(&client.lift) {
        let Resolved::To(near) = resolved else { continue };
        let Resolved::To(far) = resolve(&upstream.lower, &near.spot) else { continue };
        let whole = |names: &[String], array: Option<usize>| -> Vec<String> {
            names.get(..array.unwrap_or(names.len())).unwrap_or_default().to_vec()
        };
        let (from, to) = (whole(&spot.names, spot.array), whole(&far.spot.names, far.spot.array));
        let immutable = |attributes: &[Attribute], names: &[String]| {
            (1..=names.len()).any(|depth| {
                let above = names.get(..depth).unwrap_or_default();
                let found = attribute_at(attributes, above);
                found.is_some_and(|found| found.mutability == Mutability::Immutable)
            })
        };
        let found = immutable(&client.vendor.attributes, &from)
            || immutable(&upstream.vendor.attributes, &to);
        let place = Fixed { client: from, upstream: to };
        if found && !far.read_only && !places.contains(&place) {
            places.push(place);
        }
    }
    places
}
