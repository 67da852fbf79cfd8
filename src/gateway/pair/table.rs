//! What a pair carries and loses, leaf by leaf, known when it is loaded: the loss report, the schema
//! view and the plans of PUT and PATCH read it.

use std::collections::BTreeSet;

use super::needs::Needs;
use super::row::{Fate, Row, described, many_to_one};
use crate::rewrite::lens::Lens;
use crate::rewrite::program::{LossCause, Lost};
use crate::rewrite::resolve::{LeafTarget, Resolved, Spot, leaves, resolve, ways};
use crate::rewrite::rule::RuleOrigin;
use crate::scim::filter::Literal;
use crate::scim::schema::{Attribute, Mutability};

/// The fate of every leaf that the client's schema has.
#[derive(Debug)]
pub struct PairTable {
    pub rows: Vec<Row>,
    /// What a client has to send.
    pub needs: Needs,
    /// Upstream leaves that a client may write and this one cannot reach: put keeps them.
    pub hidden: BTreeSet<String>,
    /// Whether put aligns elements, picks, or maps several values to one: it needs the old resource.
    pub aligns: bool,
    /// Canonical leaves that the upstream shows and lets nobody write, but for what it computes from
    /// another: a request that says one may say what is shown.
    pub told_only: BTreeSet<String>,
    /// Canonical attributes that put keeps where the client omits them (docs/semantics.md 4.2).
    pub sticky: Vec<String>,
}

impl PairTable {
    pub fn new(client: &Lens, upstream: &Lens) -> Self {
        let mut rows: Vec<Row> = Vec::new();
        let mut aligns = false;
        for (spot, attribute, resolved) in leaves(&client.lift) {
            for row in rows_of(&spot, &attribute, resolved, (client, upstream)) {
                aligns |= spot.array.is_some() && matches!(row.fate, Fate::Carried { .. });
                aligns |= matches!(row.fate, Fate::Carried { exact: false, .. });
                rows.push(row);
            }
        }
        let needs = Needs::new(&rows, upstream);
        let hidden = leaves(&upstream.lift)
            .into_iter()
            .filter(|(_, attribute, _)| attribute.mutability != Mutability::ReadOnly)
            .filter(|(spot, ..)| !under_read_only(upstream, spot))
            .filter(|(.., resolved)| !reaches(resolved, client))
            .map(|(spot, ..)| spot.label())
            .collect();
        let told_only = told_only(upstream);
        Self { rows, needs, hidden, aligns, told_only, sticky: sticky(client, upstream) }
    }

    /// Whether the client's path is shown or taken by the pair, at least for some element: the row
    /// that a client can do most with.
    pub fn works(&self, names: &[String]) -> Option<&Row> {
        self.of(names).filter(|row| !matches!(row.fate, Fate::Lost(_))).max_by_key(|row| row.use_())
    }

    /// The rows of a client's path.
    pub fn of(&self, names: &[String]) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| {
            row.names.len() == names.len()
                && row.names.iter().zip(names).all(|(a, b)| a.eq_ignore_ascii_case(b))
        })
    }

    /// The rows at and below a client's path.
    pub fn below(&self, names: &[String]) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| {
            row.names.len() >= names.len()
                && row.names.iter().zip(names).all(|(a, b)| a.eq_ignore_ascii_case(b))
        })
    }

    /// Whether the client's path is, or has below it, what the upstream's resources always have.
    pub fn keeps(&self, names: &[String]) -> bool {
        self.below(names).any(|row| row.permanent)
    }
}

/// Whether what an upstream's leaf lifts to is the client's to see or to say, for every element.
fn reaches(resolved: &Resolved, client: &Lens) -> bool {
    match resolved {
        Resolved::Implied => true,
        Resolved::To(near) => ways(&client.lower, &near.spot)
            .iter()
            .all(|(_, way)| matches!(way, Resolved::To(_) | Resolved::Implied)),
        _ => false,
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

/// A leaf's rows: one, or one for each kind of element that goes another way.
fn rows_of(
    spot: &Spot,
    attribute: &Attribute,
    resolved: Resolved,
    (client, upstream): (&Lens, &Lens),
) -> Vec<Row> {
    let blank = Row {
        client: described(spot),
        names: spot.names.clone(),
        array: spot.array,
        known: spot.known.clone(),
        mutability: attribute.mutability,
        fate: Fate::Lost(LossCause::NoPlace),
        canonical: Vec::new(),
        far: Vec::new(),
        most: None,
        format: None,
        permanent: false,
        rules: Vec::new(),
    };
    let near = match resolved {
        Resolved::To(near) => near,
        Resolved::Lost(lost) => return vec![lost_row(blank, &lost, &spot.names, upstream)],
        Resolved::Implied => return vec![Row { fate: Fate::Implied, ..blank }],
        Resolved::Branch | Resolved::Depends | Resolved::Unknown => return vec![blank],
    };
    let rules: Vec<RuleOrigin> = near.rule.iter().map(|rule| rule.origin.clone()).collect();
    let mut rows: Vec<Row> = Vec::new();
    let mut lost: Option<Row> = None;
    let ways = ways(&upstream.lower, &near.spot);
    let several = ways.len() > 1;
    for (known, far) in ways {
        let there = Spot { known, ..near.spot.clone() };
        let canonical = near.spot.names.clone();
        let mut row = Row { rules: rules.clone(), canonical, ..blank.clone() };
        if several {
            row.known = clients_words(spot, &there, client);
            row.client = described(&Spot { known: row.known.clone(), ..spot.clone() });
        }
        match far {
            Resolved::To(far) => carried(&mut row, (&near, &there), &far, client),
            Resolved::Implied => row.fate = Fate::Implied,
            Resolved::Lost(why) => row = lost_row(row, &why, &near.spot.names, upstream),
            Resolved::Branch | Resolved::Depends | Resolved::Unknown => {}
        }
        if several && matches!(row.fate, Fate::Lost(_)) {
            // The last one, of all other elements, speaks for those that are lost.
            lost = Some(row);
        } else {
            rows.push(row);
        }
    }
    if let Some(mut row) = lost {
        row.known.clone_from(&spot.known);
        row.client = described(spot);
        rows.push(row);
    }
    rows
}

/// What a request to the upstream and an answer to the client make of a leaf.
fn carried(row: &mut Row, (near, there): (&LeafTarget, &Spot), far: &LeafTarget, client: &Lens) {
    row.rules.extend(far.rule.as_ref().map(|rule| rule.origin.clone()));
    // An answer to the client may have room for fewer elements than its request fills.
    let shown = resolve(&client.lower, there);
    let whole = !matches!(shown, Resolved::To(shown) if shown.picked);
    let exact = whole && !near.picked && !far.picked;
    let exact = exact && !many_to_one(near.rule.as_deref()) && !many_to_one(far.rule.as_deref());
    if near.rule.iter().chain(&far.rule).all(|rule| rule.values.is_none()) {
        row.format.clone_from(&far.attribute.format);
    }
    row.permanent = far.spot.array.is_none() && far.attribute.is_permanent();
    let own = far.attribute.max.filter(|_| far.attribute.multi_valued);
    row.most = near.most.into_iter().chain(far.most).chain(own).min();
    row.far.clone_from(&far.spot.names);
    let upstream = described(&far.spot);
    row.fate = Fate::Carried { upstream, exact, read_only: far.read_only };
}

fn lost_row(mut row: Row, lost: &Lost, names: &[String], upstream: &Lens) -> Row {
    row.rules.extend(lost.rules.iter().cloned());
    let constant = is_constant(upstream, names);
    row.fate = if constant { Fate::Constant } else { Fate::Lost(lost.cause) };
    row
}

/// What is known of a canonical element, by the names that the client's elements have for it.
fn clients_words(spot: &Spot, there: &Spot, client: &Lens) -> Vec<(String, Literal)> {
    let mut known = spot.known.clone();
    let (Some(_), Some(array)) = (spot.array, there.array) else { return known };
    for (name, literal) in &there.known {
        let mut names = there.names.get(..array).unwrap_or_default().to_vec();
        names.push(name.clone());
        let there = Spot { names, ..there.clone() };
        let own = match resolve(&client.lower, &there) {
            Resolved::To(own) => own.spot.names.last().cloned(),
            _ => None,
        };
        let own = own.unwrap_or_else(|| name.clone());
        if !known.iter().any(|(name, _)| name.eq_ignore_ascii_case(&own)) {
            known.push((own, literal.clone()));
        }
    }
    known
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
