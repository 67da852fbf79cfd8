//! What belongs to another schema: URNs by which no attribute of this resource type is named (RFC 7644
//! section 3.10), and attributes below the URN of their own core schema.

use super::pair::{Pair, PairSpec, quoted};
use super::route::Kind;
use crate::rewrite::lens::Lens;
use crate::rewrite::rule::Rules;
use crate::scim::grammar::is_foreign;
use crate::scim::schema::{Attribute, is_urn};
use crate::scim::{Object, Value};

impl Pair {
    /// Whether a name is, or begins with, the URN of a schema that is not this resource type's.
    pub fn is_foreign(&self, name: &str) -> bool {
        let urns = self.client.vendor.urns();
        is_foreign(name, &self.known(&urns))
    }

    /// A client's attributes that stand below the URN of their own core schema, where they belong.
    pub(super) fn unfolded<'a>(
        &self,
        mut object: Object<'a>,
        mistakes: &mut Vec<String>,
    ) -> Object<'a> {
        let core = &self.client.vendor.urn;
        let Some(Value::Object(_)) = object.get(core) else { return object };
        let inner = object.remove(core).unwrap_or_default();
        let common = ["schemas", "id", "meta"];
        for (name, value) in inner.as_object().into_iter().flat_map(Object::iter) {
            if common.iter().any(|common| common.eq_ignore_ascii_case(name)) {
                continue;
            }
            if object.contains(name) {
                mistakes.push(format!("The attribute {} is there twice.", quoted(name)));
            } else {
                object.push(name.to_owned(), value.clone());
            }
        }
        object
    }
}

/// URNs below which any key may stand, of both sides.
pub(super) fn free(client: &Lens, upstream: &Lens) -> Vec<String> {
    let extensions = client.vendor.extensions().chain(upstream.vendor.extensions());
    extensions.filter(|one| one.is_free()).map(|one| one.name.clone()).collect()
}

/// RFC 7643 section 10.4 and RFC 7644 section 8.2: no extension's URN begins so.
const RESERVED: [&str; 2] = ["urn:ietf:params:scim:schemas:core", "urn:ietf:params:scim:api"];

/// The URNs by which the schemas of the other resource types are named: their cores' and extensions',
/// and those that a route's rules and clients have for users.
pub(super) fn foreign(spec: &PairSpec, kind: Kind) -> Vec<String> {
    let resources = spec.client.resources.iter().chain(&spec.upstream.resources);
    let others = resources.filter(|resource| resource.schema.resource != kind.name());
    let others = others.flat_map(|other| other.schema.urns());
    let mut urns: Vec<String> = others.chain(RESERVED).map(str::to_owned).collect();
    let (rules, extends): (&[Rules], &[Attribute]) = match kind {
        Kind::User => (&spec.group_overlays, &[]),
        Kind::Group => (&spec.overlays, &spec.client_extends),
    };
    let maps = rules.iter().flat_map(|rules| &rules.maps);
    let named = maps.filter_map(|map| map.canonical.members.first());
    let named = named.chain(extends.iter().map(|attribute| &attribute.name));
    urns.extend(named.filter(|name| is_urn(name)).cloned());
    urns
}
