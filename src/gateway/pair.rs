//! A client dialect and an upstream dialect, compiled against each other for one resource type.
//!
//! Every document of an exchange goes through here: the client's request to the upstream's words,
//! the upstream's answer to the client's, and put between the two. Pure: bytes are elsewhere.

use super::demand;
use super::feeds::Feeds;
use super::fixed::{Fixed, fixed};
use super::foreign::{foreign, free};
use super::once::{Alike, once, shown_once};
pub use super::pair_spec::PairSpec;
use super::places::Places;
use super::route::Kind;
use super::table::Table;
use super::unreturned::{Unseen, unreturned, unseen};
use crate::dialect::Dialect;
use crate::dialect::{Clear, Quirk, Resource, Undeclared};
use crate::fault::{Cause, Fault};
use crate::rewrite::align::ElementIdentity;
use crate::rewrite::lens::{Lens, strip_cleared};
use crate::rewrite::rule::Rules;
use crate::rewrite::translate::{Loss, Message, Problem, Translation};
use crate::scim::coerce::{Leniency, coerce, spelt};
use crate::scim::in_order::InOrder;
use crate::scim::projection::hidden;
use crate::scim::reading::Reading;
use crate::scim::schema::{Attribute, Operation, Schema, Unknown, is_urn};
use crate::scim::{Object, Value};

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
    pub table: Table,
    /// Where the client's places and the upstream's are in canonical.
    pub client_places: Places,
    pub upstream_places: Places,
    pub(super) feeds: Feeds,
    /// Extensions that the client's own schema does not name: put keeps one that the client does not
    /// say (design 6c.1), since a client that takes any extension manages only those it knows.
    pub unmanaged: Vec<String>,
    /// By what the client's elements are known, and by what the upstream's.
    pub client_identity: ElementIdentity,
    pub identity: ElementIdentity,
    /// What can be set and not changed.
    pub fixed: Vec<Fixed>,
    /// Places of the upstream's that a client may write and a GET does not return.
    pub unreturned: Vec<Vec<String>>,
    /// The client's places that lead there.
    pub(super) unseen: Vec<Unseen>,
    /// Attributes of the client's that a default answer does not hold, or not whole.
    pub(super) hidden: Vec<String>,
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

/// A request in the upstream's words, not yet framed.
#[derive(Debug)]
pub struct Lowered {
    pub object: Object<'static>,
    pub losses: Losses,
    /// The client creates the resource inactive, and the upstream takes no `active` on create.
    pub deactivate: bool,
}

/// A resource in the client's words.
#[derive(Debug)]
pub struct Shown<'a> {
    pub object: Object<'a>,
    pub losses: Losses,
}

/// Losses by the dialect in whose words their places are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Places of the sender's dialect that canonical cannot hold.
    pub lifting: Vec<Loss>,
    /// Canonical places that the receiver's dialect cannot hold.
    pub lowering: Vec<Loss>,
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
        let table = Table::new(&client, &upstream);
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

    /// A client's attributes in its schema's form, checked against it.
    ///
    /// # Errors
    /// `InvalidValue` for wrong types and missing required attributes, all of them; `BadBody` for
    /// attributes that the client's own dialect refuses.
    pub fn intake<'a>(
        &self,
        object: Object<'a>,
        operation: Operation,
    ) -> Result<Object<'a>, Fault> {
        self.intake_over(object, operation, &[])
    }

    /// The same over a resource that lacked something before, which is no mistake of this request's:
    /// `lacked` are the sentences of [`demand::missing`].
    ///
    /// # Errors
    /// As [`intake`](Self::intake).
    pub(super) fn intake_over<'a>(
        &self,
        object: Object<'a>,
        operation: Operation,
        lacked: &[String],
    ) -> Result<Object<'a>, Fault> {
        let schema = &self.client.vendor;
        let mut mistakes = Vec::new();
        let mut taken = Object::with_capacity(object.len());
        let mut known = InOrder::new(&schema.attributes);
        for (name, value) in self.unfolded(object, &mut mistakes) {
            let Some(attribute) = known.find(&name) else {
                let open = schema.open_extensions && is_urn(&name);
                if self.is_foreign(&name) {
                    mistakes.push(format!("{} is the URN of another schema.", quoted(&name)));
                } else if schema.unknown == Unknown::Refuse && !open {
                    mistakes.push(format!("The attribute {} is not known.", quoted(&name)));
                } else {
                    taken.push(name, value);
                }
                continue;
            };
            match coerce(value, attribute, self.leniency) {
                Ok(value) => taken.push(spelt(name, &attribute.name), value),
                Err(mismatch) => mistakes.push(mismatch.to_string()),
            }
        }
        let missing = demand::missing(&taken, &schema.attributes, operation).into_iter();
        mistakes.extend(missing.filter(|mistake| !lacked.contains(mistake)));
        refuse(mistakes)?;
        once(&schema.attributes, &mut taken, Alike::Agreeing);
        Ok(taken)
    }

    /// The client's attributes as a create in the upstream's words.
    ///
    /// # Errors
    /// `InvalidValue` for values that a rule or the upstream's schema refuses.
    pub fn create(&self, user: &Object<'_>) -> Result<Lowered, Fault> {
        self.create_lifted(self.client.lift(user, Message::Request(Operation::Create)))
    }

    /// The same of a resource that is lifted already.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn create_lifted(&self, lifted: Translation<'_>) -> Result<Lowered, Fault> {
        let message = Message::Request(Operation::Create);
        let lifted = checked(lifted)?;
        let mut lowered = checked(self.upstream.lower(&lifted.object, message))?;
        let made = self.upstream.complete(&mut lowered.object, &lifted.object, Operation::Create);
        strip_cleared(&mut lowered.object, &self.upstream.vendor.attributes);
        let deactivate = lifted.object.get("active").and_then(Value::as_bool) == Some(false)
            && lowered.losses.iter().any(|loss| &*loss.place == "active")
            && self.can_deactivate();
        if deactivate {
            lowered.losses.retain(|loss| &*loss.place != "active");
        }
        lowered.losses.extend(made);
        demand::check(&lowered.object, &self.upstream.vendor, Operation::Create)?;
        Ok(Lowered {
            object: lowered.object.into_owned(),
            losses: Losses { lifting: lifted.losses, lowering: lowered.losses },
            deactivate,
        })
    }

    /// An upstream's attributes in its schema's form, and as they came; what is unreadable is hidden. An
    /// empty text of an upstream that unsets by it says that nothing is there.
    pub fn receive<'a>(&self, mut object: Object<'a>) -> Reading<'a> {
        if self.upstream_resource.clear == Clear::Empty {
            object.retain(|_, value| !is_unset(value));
        }
        Reading::of(object, &self.upstream.vendor)
    }

    /// An upstream's attributes as canonical: what filters are asked of.
    /// What another resource type's schema names is shown to nobody, and put keeps it.
    pub fn lift<'a>(&'a self, stored: &'a Object<'a>) -> Translation<'a> {
        let mut lifted = self.upstream.lift(stored, Message::Response);
        lifted.object.retain(|name, _| !is_urn(name) || !self.is_foreign(name));
        lifted
    }

    /// Canonical attributes as the client sees them.
    pub fn show<'a>(&'a self, canonical: &'a Object<'a>) -> Translation<'a> {
        let mut shown = self.client.lower(canonical, Message::Response);
        strip_cleared(&mut shown.object, &self.client.vendor.attributes);
        shown_once(&self.client.vendor.attributes, &mut shown.object);
        self.client.render(&mut shown.object, canonical);
        shown
    }

    /// The upstream's resource as the client sees it, in the client's words.
    pub fn view(&self, stored: &Object<'_>) -> Shown<'static> {
        let lifted = self.lift(stored);
        let shown = self.show(&lifted.object);
        Shown {
            object: shown.object.into_owned(),
            losses: Losses { lifting: lifted.losses, lowering: shown.losses },
        }
    }
}

/// Whether a value is an empty text; members of an object that are go.
fn is_unset(value: &mut Value<'_>) -> bool {
    if let Value::Object(object) = value {
        object.retain(|_, member| !is_unset(member));
    }
    value.as_str().is_some_and(str::is_empty)
}

/// Refuses a translation with values that a rule cannot take: all are named.
pub fn checked(translation: Translation<'_>) -> Result<Translation<'_>, Fault> {
    let name = |problem: &Problem| format!("The attribute {} {}.", problem.place, problem.reason);
    refuse(translation.problems.iter().map(name).collect())?;
    Ok(translation)
}

/// One fault for all mistakes; names and expectations only, never a value.
pub fn refuse(mistakes: Vec<String>) -> Result<(), Fault> {
    const MOST: usize = 10;
    if mistakes.is_empty() {
        return Ok(());
    }
    let more = mistakes.len().saturating_sub(MOST);
    let mut detail = mistakes.into_iter().take(MOST).collect::<Vec<_>>().join(" ");
    if more > 0 {
        detail.push_str(&format!(" And {more} more."));
    }
    Err(Fault::new(Cause::InvalidValue, detail))
}

/// A name that a client sent, fit for a message.
pub fn quoted(name: &str) -> String {
    let short: String = name.chars().take(64).collect();
    format!("\"{}\"", short.escape_debug())
}

/// Adds an attribute to a schema, or its sub-attributes to the one of that name.
fn extend(schema: &mut Schema, attribute: &Attribute) {
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
