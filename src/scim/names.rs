//! Members whose names differ only by case. Attribute names are read without regard to case (RFC 7643
//! section 2.1), so where a schema or a message lists the names, two spellings of one are a mistake.
//! Below open objects names are data, and two such members are two.

use std::collections::HashSet;

use super::same::same;
use super::value::Object;

/// So many are compared one by one; more are hashed, so that the work stays linear.
const FEW: usize = 32;

/// A listed name that an object holds more than once, as it is spelled the second time.
pub fn twice<'o>(object: &'o Object<'_>, listed: impl Fn(&str) -> bool) -> Option<&'o str> {
    if object.len() <= FEW {
        let before =
            |at: usize, name: &str| object.iter().take(at).any(|(other, _)| same(other, name));
        let mut names = object.iter().map(|(name, _)| name).enumerate();
        return names.find(|(at, name)| before(*at, name) && listed(name)).map(|(_, name)| name);
    }
    let mut seen = HashSet::with_capacity(object.len());
    let mut names = object.iter().map(|(name, _)| name);
    names.find(|name| !seen.insert(name.to_ascii_lowercase()) && listed(name))
}
