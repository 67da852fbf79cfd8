//! Which of a client's attributes a request is about, for records of who wrote what: names of its
//! schema alone, since a name that no schema knows may tell something.

use super::pair::Pair;
use crate::scim::Object;
use crate::scim::patch::Op;
use crate::scim::schema::Attribute;

impl Pair {
    /// The attributes and extensions that a resource has, in its schema's order.
    pub fn named(&self, object: &Object<'_>) -> Vec<String> {
        self.known_names(|attribute| object.contains(&attribute.name))
    }

    /// The attributes and extensions that operations change, in the schema's order.
    pub fn patched(&self, ops: &[Op<'_>]) -> Vec<String> {
        let names = || {
            let paths = ops.iter().map(|op| &op.path);
            paths.flat_map(|path| [path.urn.as_deref(), path.attribute.as_deref()]).flatten()
        };
        self.known_names(|attribute| names().any(|name| name.eq_ignore_ascii_case(&attribute.name)))
    }

    fn known_names(&self, has: impl Fn(&Attribute) -> bool) -> Vec<String> {
        let attributes = self.client.vendor.attributes.iter();
        attributes.filter(|attribute| has(attribute)).map(|known| known.name.clone()).collect()
    }
}
