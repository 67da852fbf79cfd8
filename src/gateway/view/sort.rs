//! Sorting (RFC 7644 section 3.4.2.3), by the values of the client's own view.

use std::cmp::Ordering;

use super::stored::Stored;
use crate::dialect::Paging;
use crate::gateway::pair::{Pair, is_common};
use crate::scim::query::Sort;
use crate::scim::schema::{Attribute, attribute_at};
use crate::scim::{Number, Path, Value};

/// Where a resource stands in a sorted list.
#[derive(Debug)]
pub struct Rank {
    key: Option<Key>,
    id: Option<String>,
    descending: bool,
}

impl Rank {
    /// The order of two of one list: by value, then by id. Values that are absent come last in
    /// ascending order, and first in descending order.
    pub fn against(&self, other: &Self) -> Ordering {
        let order = match (&self.key, &other.key) {
            (Some(a), Some(b)) => a.cmp(b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        let order = if self.descending { order.reverse() } else { order };
        order.then_with(|| self.id.cmp(&other.id))
    }
}

impl Pair {
    /// Sorts resources of one type.
    pub fn sorted(&self, resources: Vec<Stored<'static>>, sort: &Sort) -> Vec<Stored<'static>> {
        let mut ranked: Vec<(Rank, Stored<'static>)> =
            resources.into_iter().map(|stored| (self.rank(&stored, sort), stored)).collect();
        ranked.sort_by(|(a, _), (b, _)| a.against(b));
        ranked.into_iter().map(|(_, stored)| stored).collect()
    }

    /// Where the resource stands among others, also of other types: without a value where its type has
    /// no such attribute.
    pub fn rank(&self, stored: &Stored, sort: &Sort) -> Rank {
        let names: Vec<String> = sort.by.members().map(str::to_owned).collect();
        let leaf = attribute_at(&self.client.vendor.attributes, &names);
        let leaf = leaf.map(|leaf| leaf.attribute("value").unwrap_or(leaf));
        let exact = leaf.map_or_else(|| is_common(&names), Attribute::is_case_exact);
        let key = self.sort_key(stored, &names, exact);
        Rank { key, id: stored.frame.id.clone(), descending: sort.descending }
    }

    /// The attribute by which the upstream itself can sort as the client asks.
    pub fn pushed_sort(&self, sort: &Sort) -> Option<Path> {
        let list = &self.upstream_resource;
        if !list.sort || list.list.paging == Paging::Capped {
            return None;
        }
        let names: Vec<String> = sort.by.members().map(str::to_owned).collect();
        let reach = self.reach(&names, &[]).ok()?;
        let plain = reach.lift.is_none() && reach.lower.is_none() && !reach.several;
        let alike = reach.case_exact == reach.attribute.is_case_exact();
        (plain && alike && !reach.narrowed).then_some(reach.path)
    }

    fn sort_key(&self, stored: &Stored, names: &[String], exact: bool) -> Option<Key> {
        let view = self.own_view(stored);
        let (first, rest) = names.split_first()?;
        let mut at = view.get(first)?;
        for name in rest {
            at = spoken_for(at).as_object()?.get(name)?;
        }
        match spoken_for(at) {
            Value::Object(object) => key(object.get("value")?, exact),
            value => key(value, exact),
        }
    }
}

/// What a value is sorted by; numbers go before text.
#[derive(Debug, PartialEq)]
enum Key {
    Flag(bool),
    Number(Number<'static>),
    Text(String),
}

impl Key {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Flag(a), Self::Flag(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Flag(_) => 0,
            Self::Number(_) => 1,
            Self::Text(_) => 2,
        }
    }
}

fn key(value: &Value<'_>, exact: bool) -> Option<Key> {
    match value {
        Value::Bool(flag) => Some(Key::Flag(*flag)),
        Value::Number(number) => Some(Key::Number(number.clone().into_owned())),
        Value::String(text) if exact => Some(Key::Text(text.to_string())),
        Value::String(text) => Some(Key::Text(text.to_lowercase())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Of several elements the primary one counts, else the first.
fn spoken_for<'v, 'a>(value: &'v Value<'a>) -> &'v Value<'a> {
    let Some(elements) = value.as_array() else { return value };
    let primary = |element: &&Value<'_>| {
        element.as_object().and_then(|o| o.get("primary")?.as_bool()) == Some(true)
    };
    elements.iter().find(primary).or_else(|| elements.first()).unwrap_or(value)
}
