//! What a pair carries and loses, leaf by leaf, known when it is loaded: the loss report, the schema
//! view and the plans of PUT and PATCH read it.

use std::collections::BTreeSet;

use crate::rewrite::lens::Lens;
use crate::rewrite::program::{LossCause, label};
use crate::rewrite::resolve::{Resolved, Spot, leaves, resolve};
use crate::rewrite::rule::Origin;
use crate::scim::filter::Literal;
use crate::scim::schema::{Attribute, Format, Mutability};

/// The fate of every leaf that the client's schema has.
#[derive(Debug)]
pub struct Table {
    pub rows: Vec<Row>,
    /// Upstream leaves that a client may write and this one cannot reach: put keeps them.
    pub hidden: BTreeSet<String>,
    /// Whether put aligns elements, picks, or maps several values to one: it needs the old resource.
    pub aligns: bool,
    /// Canonical leaves that the upstream shows and lets nobody write, but for what it computes from
    /// another: a request that says one may say what is shown.
    pub told_only: BTreeSet<String>,
    /// Canonical attributes that put keeps where the client omits them (design 6c.3).
    pub sticky: Vec<String>,
}

/// One leaf of the client's schema.
#[derive(Debug)]
pub struct Row {
    /// In the client's words, with the predicate where it decides: `emails[type eq "work"].value`.
    pub client: String,
    pub names: Vec<String>,
    pub mutability: Mutability,
    pub fate: Fate,
    /// What the upstream demands of the text that is carried to it.
    pub format: Option<Format>,
    /// Whether the upstream's resources always have it: a removal is refused.
    pub permanent: bool,
    /// The rules on the way, client's first.
    pub rules: Vec<Origin>,
}

#[derive(Debug, PartialEq)]
pub enum Fate {
    /// Carried to this place of the upstream's; `exact` unless picked or mapped n:1.
    Carried {
        upstream: String,
        exact: bool,
        read_only: bool,
    },
    Lost(LossCause),
    /// Shown in answers though the upstream does not have it (`set` on canonical).
    Constant,
}

impl Table {
    pub fn new(client: &Lens, upstream: &Lens) -> Self {
        let mut rows: Vec<Row> = Vec::new();
        let mut reached = BTreeSet::new();
        let mut aligns = false;
        for (spot, attribute, resolved) in leaves(&client.lift) {
            let row = row(&spot, &attribute, resolved, (client, upstream), &mut reached);
            aligns |= spot.array.is_some() && matches!(row.fate, Fate::Carried { .. });
            aligns |= matches!(row.fate, Fate::Carried { exact: false, .. });
            rows.push(row);
        }
        let hidden = leaves(&upstream.lift)
            .into_iter()
            .filter(|(_, attribute, _)| attribute.mutability != Mutability::ReadOnly)
            .filter(|(spot, ..)| !under_read_only(upstream, spot))
            .map(|(spot, ..)| spot.label())
            .filter(|leaf| !reached.contains(&leaf.to_ascii_lowercase()))
            .collect();
        let told_only = told_only(upstream);
        Self { rows, hidden, aligns, told_only, sticky: sticky(client, upstream) }
    }

    /// Whether the client's path is shown or taken by the pair, at least for some element.
    pub fn works(&self, names: &[String]) -> Option<&Row> {
        self.rows.iter().find(|row| {
            row.names.len() == names.len()
                && row.names.iter().zip(names).all(|(a, b)| a.eq_ignore_ascii_case(b))
                && !matches!(row.fate, Fate::Lost(_))
        })
    }

    /// Whether the client's path is, or has below it, what the upstream's resources always have.
    pub fn keeps(&self, names: &[String]) -> bool {
        self.rows.iter().filter(|row| row.permanent).any(|row| {
            row.names.len() >= names.len()
                && row.names.iter().zip(names).all(|(a, b)| a.eq_ignore_ascii_case(b))
        })
    }
}

fn under_read_only(lens: &Lens, spot: &Spot) -> bool {
    let mut attributes = &lens.vendor.attributes;
    for name in &spot.names {
        let Some(found) = attributes.iter().find(|a| a.name.eq_ignore_ascii_case(name)) else {
            return false;
        };
        if found.mutability == Mutability::ReadOnly {
            return true;
        }
        attributes = &found.attributes;
    }
    false
}

fn row(
    spot: &Spot,
    attribute: &Attribute,
    resolved: Resolved,
    (client, upstream): (&Lens, &Lens),
    reached: &mut BTreeSet<String>,
) -> Row {
    let mut rules = Vec::new();
    let mut format = None;
    let mut permanent = false;
    let fate = match resolved {
        Resolved::To(near) => {
            rules.extend(near.rule.as_ref().map(|rule| rule.origin.clone()));
            // An answer to the client may have room for fewer elements than its request fills.
            let shown = resolve(&client.lower, &near.spot);
            let whole = !matches!(shown, Resolved::To(shown) if shown.picked);
            let exact = whole && !near.picked && !many_to_one(near.rule.as_deref());
            match resolve(&upstream.lower, &near.spot) {
                Resolved::To(far) => {
                    rules.extend(far.rule.as_ref().map(|rule| rule.origin.clone()));
                    reached.insert(far.spot.label().to_ascii_lowercase());
                    if near.rule.iter().chain(&far.rule).all(|rule| rule.values.is_none()) {
                        format.clone_from(&far.attribute.format);
                    }
                    permanent = far.spot.array.is_none() && far.attribute.is_permanent();
                    let exact = exact && !far.picked && !many_to_one(far.rule.as_deref());
                    let upstream = described(&far.spot);
                    Fate::Carried { upstream, exact, read_only: far.read_only }
                }
                other => lost(other, &near.spot, upstream, &mut rules),
            }
        }
        other => lost(other, spot, upstream, &mut rules),
    };
    let mutability = attribute.mutability;
    let (client, names) = (described(spot), spot.names.clone());
    Row { client, names, mutability, fate, format, permanent, rules }
}

fn lost(resolved: Resolved, near: &Spot, upstream: &Lens, rules: &mut Vec<Origin>) -> Fate {
    match resolved {
        Resolved::Lost(lost) => {
            rules.extend(lost.rules.clone());
            if is_constant(upstream, &near.names) {
                return Fate::Constant;
            }
            Fate::Lost(lost.cause)
        }
        Resolved::Implied => Fate::Constant,
        // Some elements go one way and some another: each way is seen with its own predicate.
        Resolved::Depends | Resolved::Branch => {
            Fate::Carried { upstream: label(&near.names), exact: false, read_only: false }
        }
        Resolved::To(_) | Resolved::Unknown => Fate::Lost(LossCause::NoPlace),
    }
}

fn is_constant(upstream: &Lens, names: &[String]) -> bool {
    upstream.layers.sets.iter().any(|set| match &set.target {
        crate::rewrite::rule::SetTarget::Canonical(place) => {
            let place: Vec<&String> = place.members.iter().chain(&place.rest).collect();
            place.len() == names.len()
                && place.iter().zip(names).all(|(a, b)| a.eq_ignore_ascii_case(b))
        }
        crate::rewrite::rule::SetTarget::Vendor(_) => false,
    })
}

/// Whether a value table gives two values one image.
pub fn many_to_one(rule: Option<&crate::rewrite::program::Carrier>) -> bool {
    let Some(pairs) = rule.and_then(|rule| rule.values.as_ref()) else { return false };
    let repeated = |side: fn(&(Literal, Literal)) -> &Literal| {
        pairs
            .iter()
            .enumerate()
            .any(|(at, pair)| pairs.iter().take(at).any(|earlier| side(earlier) == side(pair)))
    };
    repeated(|pair| &pair.0) || repeated(|pair| &pair.1)
}

fn told_only(upstream: &Lens) -> BTreeSet<String> {
    let told =
        |resolved: &Resolved| matches!(resolved, Resolved::To(to) if to.read_only && !to.derived);
    let leaves = leaves(&upstream.lower).into_iter();
    leaves.filter(|(.., resolved)| told(resolved)).map(|(spot, ..)| spot.label()).collect()
}

/// `active`, and the canonical attributes of rules marked sticky.
fn sticky(client: &Lens, upstream: &Lens) -> Vec<String> {
    let rules = client.layers.maps.iter().chain(&upstream.layers.maps);
    let named = rules.filter(|map| map.sticky).filter_map(|map| map.canonical.members.first());
    let names: BTreeSet<String> = named.cloned().chain(["active".to_owned()]).collect();
    names
        .into_iter()
        .filter(|name| {
            let leaf = Spot::new(vec![name.clone()]);
            !matches!(resolve(&upstream.lower, &leaf), Resolved::Lost(_) | Resolved::Unknown)
        })
        .collect()
}

/// The attribute path with its predicate.
pub fn described(spot: &Spot) -> String {
    let Some(array) = spot.array.filter(|_| !spot.known.is_empty()) else {
        return spot.label();
    };
    let terms: Vec<String> = spot
        .known
        .iter()
        .map(|(name, literal)| {
            let value = crate::rewrite::carry::literal_text(literal);
            format!("{name} eq {value}")
        })
        .collect();
    let (head, rest) = spot.names.split_at(array.min(spot.names.len()));
    let rest: String = rest.iter().map(|name| format!(".{name}")).collect();
    format!("{}[{}]{rest}", label(head), terms.join(" and "))
}

/// Whether a row stands for free keys.
pub fn is_free(row: &Row) -> bool {
    row.names.last().is_some_and(|name| name == "*")
}
