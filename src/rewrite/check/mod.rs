//! Rules against the two schemas that they stand between: whether their places are there, and
//! whether what one end holds fits the other.
//!
//! What one rule says is looked at by itself; whether it does anything, and whether another wants the
//! same leaf, as it lies over the rules below it.

mod across;
mod conflict;
mod finding;
mod fit;
mod idle;
mod places;
mod writes;

use self::finding::{At, Check, Side};
use super::rule::Rules;
use crate::diagnostic::{Diagnostic, any_error, sort};
use crate::scim::schema::Schema;

pub use across::{across, conflicts};

/// All mistakes of a dialect's rules that only the schemas show, sorted by place.
pub fn check(rules: &Rules, canonical: &Schema, vendor: &Schema) -> Vec<Diagnostic> {
    check_over(rules, &Rules::default(), canonical, vendor)
}

/// The same of an overlay's rules, which lie over a dialect's.
pub fn check_over(
    rules: &Rules,
    below: &Rules,
    canonical: &Schema,
    vendor: &Schema,
) -> Vec<Diagnostic> {
    let mut check = Check { canonical, vendor, found: Vec::new() };
    for map in &rules.maps {
        let at = |key| At { origin: &map.origin, key };
        let ends = (
            check.place(Side::Canonical, &map.canonical, at("canonical")),
            check.place(Side::Vendor, &map.vendor, at("vendor")),
        );
        check.pick_names(&map.pick, ends, at("pick"));
        check.ends_fit(map, ends);
    }
    rules.fills.iter().for_each(|fill| check.fill(fill));
    rules.sets.iter().for_each(|set| check.set(set));
    let mut found = check.found;
    found.extend(conflicts(std::slice::from_ref(rules)));
    found.extend(across(below, std::slice::from_ref(rules)));
    if !any_error(&found) {
        found.extend(idle::idle(rules, below, canonical, vendor));
    }
    sort(&mut found);
    found
}
