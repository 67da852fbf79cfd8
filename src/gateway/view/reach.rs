//! Where a leaf of the client's lies at the upstream, and what is proven of it: a filter or an order may
//! be asked there only as far as the proof goes.

use std::sync::Arc;

use crate::gateway::pair::{Pair, is_common, overlap, path, same};
use crate::rewrite::program::Carrier;
use crate::rewrite::resolve::{LeafTarget, Resolved, Spot, resolve};
use crate::rewrite::rule::SetTarget;
use crate::scim::Path;
use crate::scim::filter::Literal;
use crate::scim::schema::{Attribute, Kind, Operation, Returned, attribute_at};

/// The one place of the upstream's that feeds a leaf of the client's.
#[derive(Debug)]
pub struct Reach {
    pub path: Path,
    pub attribute: Arc<Attribute>,
    /// What makes the canonical value of the upstream's, and the client's of that.
    pub lift: Option<Arc<Carrier>>,
    pub lower: Option<Arc<Carrier>>,
    /// Whether the client's leaf has some of the values there and not others: one of several, or those
    /// of some elements.
    pub narrowed: bool,
    /// Whether there can be several values.
    pub several: bool,
    /// Whether the leaf always has a value that the client sees.
    pub permanent: bool,
    /// Whether the client's text compares with regard to case.
    pub case_exact: bool,
}

impl Pair {
    /// Where the leaf of that name lies; `known` holds of its element.
    ///
    /// # Errors
    /// A sentence that says why nothing can be asked.
    pub(super) fn reach(
        &self,
        given: &[String],
        known: &[(String, Literal)],
    ) -> Result<Reach, String> {
        let own = attribute_at(&self.client.vendor.attributes, given);
        // A complex attribute stands for its `value` (RFC 7644 section 3.4.2.2).
        let valued = own.is_some_and(|own| own.attribute("value").is_some());
        let mut names = given.to_vec();
        names.extend(valued.then(|| "value".to_owned()));
        let nowhere =
            || format!("no place of the upstream's holds {} and nothing else", path(given));
        let to = |resolved: Resolved| match resolved {
            Resolved::To(target) => Ok(*target),
            _ => Err(nowhere()),
        };
        let spot = Spot { known: known.to_vec(), ..Spot::new(names.clone()) };
        let near = to(resolve(&self.client.lift, &spot))?;
        let far = to(resolve(&self.upstream.lower, &near.spot))?;
        // What is written there must be what is read there.
        let lifted = to(resolve(&self.upstream.lift, &far.spot))?;
        let lowered = to(resolve(&self.client.lower, &near.spot))?;
        if !same(&lifted.spot.names, &near.spot.names) || !same(&lowered.spot.names, &names) {
            return Err(nowhere());
        }
        if self.is_made(&near.spot.names) {
            return Err(format!(
                "a rule of the dialect says {} where the upstream does not",
                path(given)
            ));
        }
        let alone = |row: &crate::gateway::pair::Feed| {
            row.upstream.as_ref().is_some_and(|from| overlap(from, &far.spot.names))
        };
        if !self.feeds.to(&names).all(alone) {
            return Err(format!(
                "more than one place of the upstream's speaks for {}",
                path(given)
            ));
        }
        let narrowed = narrows(&far, &lifted) || narrows(&near, &lowered);
        let leaf = attribute_at(&self.client.vendor.attributes, &names);
        let mut target = path(&far.spot.names);
        if valued && target.sub.last().is_some_and(|sub| sub == "value") {
            target.sub.pop();
        }
        Ok(Reach {
            path: target,
            several: self.is_several(&names) || self.is_several_there(&far.spot.names),
            permanent: !narrowed && self.is_permanent(&far, &lifted),
            attribute: far.attribute,
            lift: lifted.rule,
            lower: lowered.rule,
            narrowed,
            case_exact: leaf.is_some_and(Attribute::is_case_exact),
        })
    }

    /// Whether the dialect's answers have a value there, or below or above, that the upstream has not said.
    fn is_made(&self, canonical: &[String]) -> bool {
        self.upstream.layers.sets.iter().any(|set| match &set.target {
            SetTarget::Canonical(place) => {
                let names: Vec<String> = place.members.iter().chain(&place.rest).cloned().collect();
                overlap(&names, canonical)
            }
            SetTarget::Vendor(_) => false,
        })
    }

    fn is_several(&self, names: &[String]) -> bool {
        several(names, |names| attribute_at(&self.client.vendor.attributes, names))
    }

    fn is_several_there(&self, names: &[String]) -> bool {
        several(names, |names| attribute_at(&self.upstream.vendor.attributes, names))
    }

    /// Whether every resource has a value there that goes over: what is demanded and never unset.
    fn is_permanent(&self, far: &LeafTarget, lifted: &LeafTarget) -> bool {
        let total = lifted.rule.as_ref().is_none_or(|rule| is_total(rule));
        let demanded = |attribute: &Attribute| {
            let required = attribute.required;
            required.has(Operation::Create) && required.has(Operation::Replace)
                || attribute.is_permanent()
        };
        let names = &far.spot.names;
        total
            && (1..=names.len()).all(|depth| {
                attribute_at(
                    &self.upstream.vendor.attributes,
                    names.get(..depth).unwrap_or_default(),
                )
                .is_some_and(demanded)
            })
    }

    /// What the schemas on the way say of when a leaf of the client's is returned: the least of it.
    pub(super) fn returned(&self, names: &[String]) -> Returned {
        if is_common(names) {
            return Returned::Default;
        }
        let mut all = above(names, |names| attribute_at(&self.client.vendor.attributes, names));
        for from in self.feeds.to(names).filter_map(|row| row.upstream.as_ref()) {
            all.extend(above(from, |names| attribute_at(&self.upstream.vendor.attributes, names)));
        }
        let all: Vec<Returned> = all.into_iter().map(|attribute| attribute.returned).collect();
        match () {
            () if all.contains(&Returned::Never) => Returned::Never,
            () if all.contains(&Returned::Request) => Returned::Request,
            () => Returned::Default,
        }
    }

    /// When the client's own schema says that a leaf is returned.
    pub(super) fn own(&self, names: &[String]) -> Returned {
        let own = above(names, |names| attribute_at(&self.client.vendor.attributes, names));
        let never = own.into_iter().any(|attribute| attribute.returned == Returned::Never);
        if never { Returned::Never } else { Returned::Default }
    }

    /// Whether the leaf is a secret, which is written and never read, to either side or to SCIM.
    pub(super) fn is_secret(&self, names: &[String]) -> bool {
        let secret = |attribute: &&Attribute| {
            attribute.returned == Returned::Never
                && attribute.mutability == crate::scim::schema::Mutability::WriteOnly
        };
        let hub = match resolve(&self.client.lift, &Spot::new(names.to_vec())) {
            Resolved::To(near) => near.spot.names,
            _ => names.to_vec(),
        };
        let mut all = above(names, |names| attribute_at(&self.client.vendor.attributes, names));
        all.extend(above(&hub, |names| attribute_at(&self.client.canonical.attributes, names)));
        for from in self.feeds.to(names).filter_map(|row| row.upstream.as_ref()) {
            all.extend(above(from, |names| attribute_at(&self.upstream.vendor.attributes, names)));
        }
        all.iter().any(secret)
    }
}

/// Whether a carrier takes every value there can be.
pub fn is_total(rule: &Carrier) -> bool {
    use crate::rewrite::rule::Otherwise;
    rule.convert.is_none() && (rule.values.is_none() || rule.otherwise == Otherwise::Keep)
}

/// The attributes on the way to a place, the place's own last.
fn above<'s>(
    names: &[String],
    find: impl Fn(&[String]) -> Option<&'s Attribute>,
) -> Vec<&'s Attribute> {
    (1..=names.len()).filter_map(|depth| find(names.get(..depth)?)).collect()
}

fn several<'s>(names: &[String], find: impl Fn(&[String]) -> Option<&'s Attribute>) -> bool {
    (1..=names.len()).any(|depth| {
        let found = names.get(..depth).and_then(&find);
        found.is_none_or(|found| found.multi_valued || found.kind == Kind::Any)
    })
}

/// Whether what is read from one place is only a part of what stands there.
fn narrows(there: &LeafTarget, read: &LeafTarget) -> bool {
    let one = there.spot.array.is_some() && read.spot.array.is_none();
    let some = there.spot.array.is_some() && !there.spot.known.is_empty();
    read.picked || one || some
}
