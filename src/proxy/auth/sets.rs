//! The issuers' key sets: one for all routes that name the same source.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::keys::KeySet;
use crate::config::model::KeySource;

/// Key sets by their source. Who keeps it over a reload keeps the keys.
#[derive(Clone, Default)]
pub struct KeySets(HashMap<KeySource, Arc<KeySet>>);

impl KeySets {
    /// # Errors
    /// A sentence, where the source cannot be used.
    pub(super) fn keys(&mut self, source: &KeySource) -> Result<Arc<KeySet>, String> {
        match self.0.entry(source.clone()) {
            Entry::Occupied(known) => Ok(Arc::clone(known.get())),
            Entry::Vacant(place) => Ok(Arc::clone(place.insert(Arc::new(KeySet::new(source)?)))),
        }
    }
}
