//! A client dialect and an upstream dialect, compiled against each other for one resource type.

use super::feeds::Feeds;
use super::fixed::{Fixed, fixed};
use super::foreign::{foreign, free};
use super::kind::Kind;
use super::places::Places;
use super::spec::PairSpec;
use super::table::PairTable;
use super::unreturned::{Unseen, unreturned, unseen};
use crate::dialect::{Dialect, Quirk, Resource, Undeclared};
use crate::rewrite::align::ElementIdentity;
use crate::rewrite::lens::Lens;
use crate::rewrite::rule::Rules;
use crate::scim::coerce::Leniency;
use crate::scim::projection::hidden;
use crate::scim::schema::{Attribute, Schema};

/// One resource type on one pair of dialects, shared by all routes that have the pair.
#[derive(Debug)]
pub struct Pair {
    pub kind: Kind,
    pub client: Lens,
    pub upstream: Lens,
    pub client_resource: Resource,
    pub upstream_resource: Resource,
    pub leniency: Leniency,
    /// PATCH `replace` on a value path that matches nothing creates the element.
    pub create_missing: bool,
    pub table: PairTable,
    /// Where the client's places and the upstream's are in canonical.
    pub client_places: Places,
    pub upstream_places: Places,
    pub(in crate::gateway) feeds: Feeds,
    /// Extensions that the client's own schema does not name: put keeps one that the client does not
    /// say (docs/semantics.md 4.2), since a client that takes any extension manages only those it knows.
    pub unmanaged: Vec<String>,
    /// By what the client's elements are known, and by what the upstream's.
    pub client_identity: ElementIdentity,
    pub identity: ElementIdentity,
    /// What can be set and not changed.
    pub fixed: Vec<Fixed>,
    /// Places of the upstream's that a client may write and a GET does not return.
    pub unreturned: Vec<Vec<String>>,
    /// The client's places that lead there.
    pub(in crate::gateway) unseen: Vec<Unseen>,
    /// Attributes of the client's that a default answer does not hold, or not whole.
    pub(in crate::gateway) hidden: Vec<String>,
    /// Places of the client's that it may write and that no answer of its dialect shows unasked.
    pub unasked: Vec<Vec<String>>,
    /// What `/Schemas` lists: the client's schema as far as the pair carries it.
    pub listed: Schema,
    /// Whether answers hold what `/Schemas` lists and nothing else.
    pub hides_undeclared: bool,
    /// URNs below which any key may stand, of both sides.
    pub free: Vec<String>,
    /// URNs, or their beginnings, that name other resource types' schemas or messages.
    pub foreign: Vec<String>,
}

impl Pair {
    /// Compiles one resource type; `None` where one of the dialects has no such type.
    pub fn new(spec: &PairSpec, canonical: &Schema, kind: Kind) -> Option<Self> {
        let of = |dialect: &Dialect| {
            dialect.resources.iter().find(|r| r.schema.resource == kind.name()).cloned()
        };
        // What a route's clients manage besides is about users.
        let (overlays, extends): (&[Rules], &[Attribute]) = match kind {
            Kind::User => (&spec.overlays, &spec.client_extends),
            Kind::Group => (&spec.group_overlays, &[]),
        };
        let (mut client_resource, upstream_resource) = (of(&spec.client)?, of(&spec.upstream)?);
        // Both sides know the extensions of both, so that a loss can name its place.
        let hub = Lens::new(
            canonical,
            &client_resource.schema,
            &client_resource.rules,
            &[],
            spec.client_vars.clone(),
        )
        .canonical;
        let upstream = Lens::new(
            &hub,
            &upstream_resource.schema,
            &upstream_resource.rules,
            overlays,
            spec.upstream_vars.clone(),
        );
        for attribute in extends {
            extend(&mut client_resource.schema, attribute);
        }
        let mut unmanaged = Vec::new();
        if client_resource.schema.open_extensions {
            // A client that takes any extension is shown those that the upstream has.
            for extension in upstream.canonical.extensions() {
                if client_resource.schema.attribute(&extension.name).is_none() {
                    unmanaged.push(extension.name.clone());
                }
                extend(&mut client_resource.schema, extension);
            }
        }
        let client = Lens::new(
            &upstream.canonical,
            &client_resource.schema,
            &client_resource.rules,
            &[],
            spec.client_vars.clone(),
        );
        let quirk = |quirk| spec.client.quirks.contains(&quirk);
        let leniency = Leniency {
            string_booleans: quirk(Quirk::StringBooleans),
            object_as_array: quirk(Quirk::ObjectAsArray),
            value_as_complex: quirk(Quirk::ValueAsComplex),
            plain_integers: true,
        };
        let create_missing = quirk(Quirk::CreateOnMissingValuePath);
        let table = PairTable::new(&client, &upstream);
        let (client_identity, identity) =
            (ElementIdentity::of(&client), ElementIdentity::of(&upstream));
        let fixed = fixed(&client, &upstream);
        let hidden = hidden(&client.vendor);
        let unasked = unreturned(&client.vendor.attributes, &[]);
        let unreturned = unreturned(&upstream.vendor.attributes, &[]);
        let unseen = unseen(&client, &upstream, &unreturned);
        let (free, foreign) = (free(&client, &upstream), foreign(spec, kind));
        let (client_places, upstream_places) = (Places::new(&client), Places::new(&upstream));
        let feeds = Feeds::new(&client, &upstream);
        let mut pair = Self {
            kind,
            client,
            upstream,
            client_resource,
            upstream_resource,
            leniency,
            create_missing,
            table,
            client_places,
            upstream_places,
            feeds,
            unmanaged,
            client_identity,
            identity,
            fixed,
            unreturned,
            unseen,
            hidden,
            unasked,
            free,
            foreign,
            listed: canonical.clone(),
            hides_undeclared: spec.undeclared.unwrap_or(spec.client.undeclared) == Undeclared::Hide,
        };
        pair.listed = pair.schema_view();
        Some(pair)
    }
}

/// Adds an attribute to a schema, or its sub-attributes to the one of that name.
pub fn extend(schema: &mut Schema, attribute: &Attribute) {
    match schema.attributes.iter_mut().find(|a| a.name.eq_ignore_ascii_case(&attribute.name)) {
        None => schema.attributes.push(attribute.clone()),
        Some(known) => {
            for sub in &attribute.attributes {
                if known.attribute(&sub.name).is_none() {
                    known.attributes.push(sub.clone());
                }
            }
        }
    }
}
