//! `/Schemas` (RFC 7643 section 7): a view split into its core schema and one document per extension.

use serde_json::{Map, Value, json};

use crate::scim::schema::{
    Attribute, Format, Kind, Mutability, Operation, Returned, Schema, Uniqueness,
};

/// The core schema first. `id` and `meta` are common to all resources and in no schema (RFC 7643
/// section 3.1).
///
/// `names`: what each URN's schema is called.
pub(super) fn documents(view: &Schema, names: &[(&str, String)], base: &str) -> Vec<Value> {
    let name = |urn: &str| -> String {
        let known = names.iter().find(|(known, _)| known.eq_ignore_ascii_case(urn));
        known.map_or(urn, |(_, name)| name).to_owned()
    };
    let core = view.attributes.iter().filter(|attribute| !attribute.extension);
    let mut description = format!("What works of a {} on this route.", view.resource);
    if view.open_extensions {
        description.push_str(" Extensions that are not listed are taken, too.");
    }
    let core = document(&view.urn, &name(&view.urn), description, core, base);
    let extensions = view.extensions().map(|extension| {
        let name = name(&extension.name);
        document(&extension.name, &name, described(extension), extension.attributes.iter(), base)
    });
    std::iter::once(core).chain(extensions).collect()
}

/// RFC 7643 section 7 has one answer for all requests: whether any that writes a whole resource
/// demands the attribute, or none can take it away: what is required is what RFC 7644 section 3.5.2.2
/// refuses to remove.
fn is_required(attribute: &Attribute) -> bool {
    is_demanded(attribute) || attribute.permanent
}

/// Whether a request that writes a whole resource is refused without it.
pub(super) fn is_demanded(attribute: &Attribute) -> bool {
    let demanded = |operation| attribute.required.has(operation);
    demanded(Operation::Create) || demanded(Operation::Replace)
}

fn document<'v>(
    urn: &str,
    name: &str,
    description: String,
    attributes: impl Iterator<Item = &'v Attribute>,
    base: &str,
) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": urn,
        "name": name,
        "description": description,
        "attributes": attributes.map(|attribute| characteristics(attribute, "")).collect::<Vec<_>>(),
        "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{urn}") },
    })
}

/// All characteristics, also those that have their defaults (RFC 7643 section 2.2).
fn characteristics(attribute: &Attribute, parent: &str) -> Value {
    let mut members = Map::new();
    let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
    put("name", json!(attribute.name));
    put("type", json!(kind(attribute.kind)));
    put("multiValued", json!(attribute.multi_valued));
    put("description", json!(described(attribute)));
    put("required", json!(is_required(attribute)));
    put("caseExact", json!(attribute.case_exact));
    put("mutability", json!(mutability(attribute.mutability)));
    put("returned", json!(returned(attribute.returned)));
    put("uniqueness", json!(uniqueness(attribute.uniqueness)));
    if !attribute.canonical_values.is_empty() {
        put("canonicalValues", json!(attribute.canonical_values));
    }
    match attribute.kind {
        Kind::Reference => {
            put("referenceTypes", json!(reference_types(&attribute.name, parent)));
        }
        Kind::Complex => {
            let below = attribute.attributes.iter();
            let below = below.map(|sub| characteristics(sub, &attribute.name));
            put("subAttributes", below.collect());
        }
        _ => {}
    }
    Value::Object(members)
}

/// The schema's words, and what RFC 7643 has no characteristic for.
fn described(attribute: &Attribute) -> String {
    let mut parts: Vec<String> = Vec::new();
    if !attribute.description.is_empty() {
        parts.push(attribute.description.clone());
    }
    match &attribute.format {
        Some(Format::Email) => parts.push("An e-mail address.".to_owned()),
        Some(Format::Length(most)) => parts.push(format!("At most {most} characters.")),
        Some(Format::Uuid) => parts.push("A UUID.".to_owned()),
        None => {}
    }
    if let Some(most) = attribute.max {
        let values = if most == 1 { "value" } else { "values" };
        parts.push(format!("At most {most} {values}."));
    }
    if attribute.kind == Kind::Any {
        parts.push("Any JSON value.".to_owned());
    }
    if attribute.permanent {
        parts.push(
            "Always has a value: a request may leave it out and cannot remove it.".to_owned(),
        );
    }
    if attribute.open {
        parts.push("Takes free keys beside those listed.".to_owned());
    }
    if parts.is_empty() {
        parts.push(attribute.name.clone());
    }
    parts.join(" ")
}

/// The resource types that a reference names (RFC 7643 sections 4.1.2, 4.2, 4.3 and 7).
fn reference_types(name: &str, parent: &str) -> &'static [&'static str] {
    let of = |known: &str| parent.eq_ignore_ascii_case(known);
    match () {
        () if name != "$ref" => &["external"],
        () if of("groups") => &["Group"],
        () if of("manager") => &["User"],
        () if of("members") => &["User", "Group"],
        () => &["uri"],
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        // There is no type for any value: a string is what most free keys hold.
        Kind::String | Kind::Any => "string",
        Kind::Boolean => "boolean",
        Kind::Decimal => "decimal",
        Kind::Integer => "integer",
        Kind::DateTime => "dateTime",
        Kind::Binary => "binary",
        Kind::Reference => "reference",
        Kind::Complex => "complex",
    }
}

fn mutability(mutability: Mutability) -> &'static str {
    match mutability {
        Mutability::ReadOnly => "readOnly",
        Mutability::ReadWrite => "readWrite",
        Mutability::Immutable => "immutable",
        Mutability::WriteOnly => "writeOnly",
    }
}

fn returned(returned: Returned) -> &'static str {
    match returned {
        Returned::Always => "always",
        Returned::Never => "never",
        Returned::Default => "default",
        Returned::Request => "request",
    }
}

fn uniqueness(uniqueness: Uniqueness) -> &'static str {
    match uniqueness {
        Uniqueness::None => "none",
        Uniqueness::Server => "server",
        Uniqueness::Global => "global",
    }
}
