//! What belongs to another schema: URNs by which no attribute of this resource type is named (RFC 7644
//! section 3.10).

use super::kind::Kind;
use super::spec::PairSpec;
use crate::rewrite::lens::Lens;
use crate::rewrite::rule::Rules;
use crate::scim::schema::{Attribute, is_urn};

/// URNs below which any key may stand, of both sides.
pub fn free(client: &Lens, upstream: &Lens) -> Vec<String> {
    let extensions = client.vendor.extensions().chain(upstream.vendor.extensions());
    extensions.filter(|one| one.is_free()).map(|one| one.name.clone()).collect()
}

/// RFC 7643 section 10.4 and RFC 7644 section 8.2: no extension's URN begins so.
const RESERVED: [&str; 2] = ["urn:ietf:params:scim:schemas:core", "urn:ietf:params:scim:api"];

/// The URNs by which the schemas of the other resource types are named: their cores' and extensions',
/// and those that a route's rules and clients have for users.
pub fn foreign(spec: &PairSpec, kind: Kind) -> Vec<String> {
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
