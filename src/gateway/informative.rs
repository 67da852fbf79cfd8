//! What of a replacement's losses is information: not what the client was shown and sends back
//! (design 6g). Knows no rule; a loss that the view, sent back unchanged, has too is held against it
//! value by value.

use std::collections::HashSet;

use crate::rewrite::program::label;
use crate::rewrite::translate::Loss;
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
struct Said {
    /// The `value` of the element that it lies in.
    element: Vec<u8>,
    name: String,
    value: Vec<u8>,
}

/// All values at the place that a loss names.
fn values(object: &Object<'_>, place: &str) -> HashSet<Said> {
    let mut found = HashSet::new();
    collect(object, &[], &[], place, &mut found);
    found
}

fn collect(
    object: &Object<'_>,
    above: &[String],
    element: &[u8],
    place: &str,
    found: &mut HashSet<Said>,
) {
    let any = label(&[above, &["*".to_owned()]].concat()).eq_ignore_ascii_case(place);
    for (name, value) in object.iter().filter(|(_, value)| !value.is_cleared()) {
        let names = [above, &[name.to_owned()]].concat();
        let here = label(&names);
        if any || here.eq_ignore_ascii_case(place) {
            let (element, name) = (element.to_vec(), name.to_ascii_lowercase());
            found.insert(Said { element, name, value: value.to_json() });
            continue;
        }
        if !place.get(..here.len()).is_some_and(|head| head.eq_ignore_ascii_case(&here)) {
            continue;
        }
        match value {
            Value::Object(inner) => collect(inner, &names, element, place, found),
            Value::Array(elements) => {
                for inner in elements.iter().filter_map(Value::as_object) {
                    let own = inner.get("value").map(Value::to_json).unwrap_or_default();
                    collect(inner, &names, &own, place, found);
                }
            }
            _ => {}
        }
    }
}
