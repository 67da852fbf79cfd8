//! Where the places of a dialect are in canonical, by name: known when a pair is loaded.

use std::collections::{BTreeSet, HashMap};

use crate::rewrite::lens::Lens;
use crate::rewrite::program::label;
use crate::rewrite::resolve::{Resolved, leaves};
use crate::scim::schema::is_urn;

/// Where the places of a dialect are in canonical, by their labels without case.
#[derive(Debug, Default)]
pub struct Places {
    leaves: HashMap<String, BTreeSet<String>>,
    arrays: HashMap<String, BTreeSet<String>>,
    /// Which of the dialect's attributes says a canonical place, where it is one.
    tells: HashMap<String, String>,
}

impl Places {
    /// Of the program that lifts.
    pub fn new(lens: &Lens) -> Self {
        let mut places = Self::default();
        let mut several = BTreeSet::new();
        for (spot, _, resolved) in leaves(&lens.lift) {
            let Resolved::To(near) = resolved else { continue };
            let own = spot.label().to_ascii_lowercase();
            if let Some(first) = spot.names.first() {
                let tells = places.tells.entry(near.spot.label()).or_insert_with(|| first.clone());
                if tells != first {
                    several.insert(near.spot.label());
                }
            }
            places.leaves.entry(own).or_default().insert(near.spot.label());
            let (Some(at), Some(to)) = (spot.array, near.spot.array) else { continue };
            let array = label(spot.names.get(..at).unwrap_or_default()).to_ascii_lowercase();
            let to = label(near.spot.names.get(..to).unwrap_or_default());
            places.arrays.entry(array).or_default().insert(to);
        }
        places.tells.retain(|canonical, _| !several.contains(canonical));
        places
    }

    /// The dialect's attribute that says a canonical place, where it is one.
    pub fn told_at(&self, canonical: &str) -> Option<&str> {
        self.tells.get(canonical).map(String::as_str)
    }

    /// Whether the elements of one of the dialect's arrays, by its label in small letters, are members.
    pub fn are_members(&self, array: &str) -> bool {
        self.arrays.get(array).is_some_and(|to| to.contains("members"))
    }

    /// Whether the dialect has a word for members.
    pub fn says_members(&self) -> bool {
        self.arrays.values().any(|to| to.contains("members"))
    }

    /// The canonical places of a dialect's place; of a part of an element that canonical does not have,
    /// the element's.
    pub fn of(&self, place: &str) -> BTreeSet<String> {
        let place = place.to_ascii_lowercase();
        if let Some(found) = self.leaves.get(&place) {
            return found.clone();
        }
        if let Some(found) = self.arrays.get(&place) {
            return found.clone();
        }
        let Some((array, part)) = place.rsplit_once('.') else { return BTreeSet::new() };
        let arrays = self.arrays.get(array).into_iter().flatten();
        arrays.map(|array| format!("{array}.{part}")).collect()
    }

    /// The canonical attributes, in small letters but for `members`, that lie at, above or below a path.
    pub fn tops(&self, names: &[String]) -> BTreeSet<String> {
        let here = label(names).to_ascii_lowercase();
        let within = |long: &str, short: &str| {
            let rest = long.strip_prefix(short);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ':']))
        };
        let near = |own: &str| {
            let own = own.strip_suffix('*').map_or(own, |open| open.trim_end_matches(['.', ':']));
            !own.is_empty() && (within(own, &here) || within(&here, own))
        };
        let found = self.leaves.iter().filter(|(own, _)| near(own));
        found.flat_map(|(_, to)| to).map(|to| top(to)).collect()
    }
}

/// The attribute or extension in which a canonical place lies.
fn top(place: &str) -> String {
    let end = match is_urn(place) {
        true => place.rfind(':'),
        false => place.find('.'),
    };
    place.get(..end.unwrap_or(place.len())).unwrap_or(place).to_ascii_lowercase()
}
