//! What a client has to send so that the upstream does not refuse the request: the demands of the
//! upstream's schema, brought to the client's attributes through the rules (RFC 7643 section 7,
//! `required`). What a `set`, a `fill` or a default of the vendor's supplies nobody has to send.

use super::row::{Fate, Row};
use crate::rewrite::lens::Lens;
use crate::rewrite::place::{Element, Place};
use crate::rewrite::rule::SetTarget;
use crate::scim::filter::Literal;
use crate::scim::schema::{Attribute, Operation};

/// The upstream's demands.
#[derive(Debug, Default)]
pub struct Needs {
    /// The client's paths without which the request is refused; what holds such a path is needed, too.
    pub demanded: Vec<(Vec<String>, Operation)>,
    /// Of demanded multi-valued attributes, what has to hold of one element.
    pub chosen: Vec<Chosen>,
    /// The client's paths that must be there where what holds them is.
    pub nested: Vec<(Vec<String>, Operation)>,
    /// What the upstream demands and nothing on the route can give, in the upstream's words.
    pub unmet: Vec<(Vec<String>, Operation)>,
}

/// An element that a multi-valued attribute has to hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    pub path: Vec<String>,
    /// What the element says.
    pub known: Vec<(String, Literal)>,
}

impl Needs {
    pub fn new(rows: &[Row], upstream: &Lens) -> Self {
        let mut needs = Self::default();
        for operation in [Operation::Create, Operation::Replace] {
            let attributes = &upstream.vendor.attributes;
            Walk { rows, upstream, operation, needs: &mut needs }.object(attributes, &[], true);
        }
        needs
    }

    /// Whether a request of that operation is refused without a value at or below the client's path.
    pub fn demands(&self, names: &[String], operation: Operation) -> bool {
        let mut demanded = self.demanded.iter().filter(|(_, of)| *of == operation);
        demanded.any(|(path, _)| starts_with(path, names))
    }

    /// Whether what holds the client's path must hold it in a request of that operation.
    pub fn within(&self, names: &[String], operation: Operation) -> bool {
        let mut nested = self.nested.iter().filter(|(_, of)| *of == operation);
        nested.any(|(path, _)| path.len() == names.len() && starts_with(path, names))
    }
}

struct Walk<'w> {
    rows: &'w [Row],
    upstream: &'w Lens,
    operation: Operation,
    needs: &'w mut Needs,
}

impl Walk<'_> {
    /// `always`: whether every request has to have the object.
    fn object(&mut self, attributes: &[Attribute], above: &[String], always: bool) {
        for attribute in attributes {
            let path = [above, std::slice::from_ref(&attribute.name)].concat();
            let wanted = attribute.required.has(self.operation);
            // A replacement without values says an empty list, where the vendor wants to be told of one.
            let told = attribute.multi_valued && self.operation == Operation::Replace;
            let given = told || attribute.default.is_some();
            if wanted && !given && !self.supplied(&path, always) {
                self.wanted(&path, always);
            }
            let always = always && wanted && !attribute.multi_valued;
            self.object(&attribute.attributes, &path, always);
        }
    }

    fn wanted(&mut self, path: &[String], always: bool) {
        let writers =
            || self.rows.iter().filter(|row| row.is_writable() && starts_with(&row.far, path));
        let Some(common) = writers().map(|row| row.names.clone()).reduce(common) else {
            if always {
                self.needs.unmet.push((path.to_vec(), self.operation));
            }
            return;
        };
        if always && !common.is_empty() {
            let mut known = writers().filter(|row| !row.known.is_empty());
            // Other elements need nothing: it is the attribute that is demanded, for one of them.
            match known.next().zip(known.next().is_none().then_some(())) {
                Some((row, ())) if row.names == common => {
                    let array = row.names.iter().take(row.array.unwrap_or_default());
                    let array: Vec<String> = array.cloned().collect();
                    let chosen = Chosen { path: array.clone(), known: row.known.clone() };
                    if !self.needs.chosen.contains(&chosen) {
                        self.needs.chosen.push(chosen);
                    }
                    self.needs.demanded.push((array, self.operation));
                }
                _ => self.needs.demanded.push((common, self.operation)),
            }
        } else if !always && self.is_held_alike(&common, path) {
            self.needs.nested.push((common, self.operation));
        }
    }

    /// Whether what holds the client's path goes to what holds the upstream's, and nowhere else.
    fn is_held_alike(&self, names: &[String], path: &[String]) -> bool {
        let holder = names.split_last().map(|(_, holder)| holder).filter(|h| !h.is_empty());
        let far = path.split_last().map(|(_, holder)| holder).unwrap_or_default();
        holder.is_some_and(|holder| {
            let held = self.rows.iter().filter(|row| starts_with(&row.names, holder));
            let mut carried = held.filter(|row| matches!(row.fate, Fate::Carried { .. }));
            carried.all(|row| starts_with(&row.far, far))
        })
    }

    /// Whether a rule writes it into every request that has what holds it.
    fn supplied(&self, path: &[String], always: bool) -> bool {
        let writes = |place: &Place| {
            let names: Vec<String> = place.members.iter().chain(&place.rest).cloned().collect();
            starts_with(&names, path)
                && match place.element {
                    Element::Whole => true,
                    Element::Each => !always,
                    Element::Where(_) => false,
                }
        };
        let sets = self.upstream.layers.sets.iter();
        let mut sets =
            sets.filter(|set| !set.render && set.when.is_none() && self.upstream.has_value(set));
        let mut fills = self.upstream.layers.fills.iter().filter(|fill| fill.when.is_none());
        sets.any(|set| matches!(&set.target, SetTarget::Vendor(place) if writes(place)))
            || fills.any(|fill| writes(&fill.vendor))
    }
}

/// The names with which both begin.
fn common(one: Vec<String>, other: Vec<String>) -> Vec<String> {
    let same = one.iter().zip(&other).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    one.into_iter().take(same).collect()
}

fn starts_with(names: &[String], head: &[String]) -> bool {
    names.len() >= head.len() && names.iter().zip(head).all(|(a, b)| a.eq_ignore_ascii_case(b))
}
