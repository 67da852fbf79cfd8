//! The issuers' key sets: one for all routes that name the same source.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::keys::KeySet;
use crate::config::model::KeySource;
use crate::proxy::Observer;

/// Key sets by their source. Who keeps it over a reload keeps the keys.
#[derive(Clone, Default)]
pub struct KeySets {
    made: HashMap<KeySource, Arc<KeySet>>,
    /// What can be taken over, and is given up unless it is.
    before: HashMap<KeySource, Arc<KeySet>>,
}

impl KeySets {
    /// None, which takes over what is asked for anew of those before.
    #[must_use]
    pub fn successor(&self) -> Self {
        Self { made: HashMap::new(), before: self.made.clone() }
    }

    /// Gives up what nobody asked for, and begins to follow the files of the others; on the runtime
    /// that this is called within.
    pub fn tend(&mut self, observer: &Arc<dyn Observer>) {
        self.before.clear();
        self.made.values().for_each(|set| set.tend(observer));
    }

    /// # Errors
    /// A sentence, where the source cannot be used.
    pub(super) fn keys(&mut self, source: &KeySource) -> Result<Arc<KeySet>, String> {
        let place = match self.made.entry(source.clone()) {
            Entry::Occupied(known) => return Ok(Arc::clone(known.get())),
            Entry::Vacant(place) => place,
        };
        let set = match self.before.remove(source) {
            // What the file holds now.
            Some(known) => known.look_now().map(|()| known)?,
            None => Arc::new(KeySet::new(source)?),
        };
        Ok(Arc::clone(place.insert(set)))
    }
}
