//! What of a replacement's losses is information: not what the client was shown and sends back
//! (docs/semantics.md 9). Knows no rule; a loss that the view, sent back unchanged, has too is held against it
//! value by value.

use std::collections::HashSet;

use crate::rewrite::translate::Loss;
use crate::scim::schema::is_urn;
use crate::scim::{Object, Value};

/// A resource and what its translation loses.
pub struct Told<'r, 'v> {
    pub object: &'r Object<'v>,
    pub losses: Vec<Loss>,
}

/// The losses of `said` but for those where it says nothing that `shown` does not say as well.
pub fn informative(said: Told<'_, '_>, shown: &Told<'_, '_>) -> Vec<Loss> {
    let Told { object, mut losses } = said;
    losses.retain(|loss| {
        !shown.losses.contains(loss)
            || !values(object, &loss.place).is_subset(&values(shown.object, &loss.place))
    });
    losses
}

/// A value at a place.
#[derive(PartialEq, Eq, Hash)]
struct Said<'v> {
    /// The `value` of the element that it lies in.
    element: Option<&'v Value<'v>>,
    name: &'v str,
    value: &'v Value<'v>,
}

/// All values at the place that a loss names.
fn values<'v>(object: &'v Object<'v>, place: &str) -> HashSet<Said<'v>> {
    let mut found = HashSet::new();
    collect(object, (place, None), None, &mut found);
    found
}

/// `place` is what is left of the loss's place below the object, with what joins it to the name above.
fn collect<'v>(
    object: &'v Object<'v>,
    (place, joint): (&str, Option<char>),
    element: Option<&'v Value<'v>>,
    found: &mut HashSet<Said<'v>>,
) {
    for (name, value) in object.iter().filter(|(_, value)| !value.is_cleared()) {
        let rest = if place == "*" { Some("") } else { behind(place, name) };
        let Some(rest) = rest else { continue };
        if rest.is_empty() {
            found.insert(Said { element, name, value });
            continue;
        }
        // A URN at the top is joined to its attributes by a colon (RFC 7644 section 3.10).
        let wanted = if joint.is_none() && is_urn(name) { ':' } else { '.' };
        let Some(rest) = rest.strip_prefix(wanted) else { continue };
        let below = (rest, Some(wanted));
        match value {
            Value::Object(inner) => collect(inner, below, element, found),
            Value::Array(elements) => {
                for inner in elements.iter().filter_map(Value::as_object) {
                    collect(inner, below, inner.get("value"), found);
                }
            }
            _ => {}
        }
    }
}

/// What follows a name at the beginning of a place.
fn behind<'p>(place: &'p str, name: &str) -> Option<&'p str> {
    let head = place.get(..name.len())?;
    head.eq_ignore_ascii_case(name).then(|| place.get(name.len()..)).flatten()
}
