//! What signed tokens are checked with: one key set for all routes that name the same source, and one
//! memory of what a client has shown.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::keys::KeySet;
use super::used::Used;
use crate::config::KeySource;
use crate::observe::Observer;

/// Key sets by their source, and what was used by the client's id. Who keeps it over a reload keeps
/// both.
#[derive(Clone, Default)]
pub struct KeySets {
    made: HashMap<KeySource, Arc<KeySet>>,
    /// What can be taken over, and is given up unless it is.
    before: HashMap<KeySource, Arc<KeySet>>,
    used: HashMap<String, Arc<Used>>,
    used_before: HashMap<String, Arc<Used>>,
}

impl KeySets {
    /// None, which takes over what is asked for anew of those before.
    #[must_use]
    pub fn successor(&self) -> Self {
        let (before, used_before) = (self.made.clone(), self.used.clone());
        Self { before, used_before, ..Self::default() }
    }

    /// Gives up what nobody asked for, and begins to follow the files of the others; on the runtime
    /// that this is called within.
    pub fn tend(&mut self, observer: &Arc<dyn Observer>) {
        self.before.clear();
        self.used_before.clear();
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

    /// What the client has shown, wherever it did.
    pub(super) fn used(&mut self, client: &str) -> Arc<Used> {
        let before = &mut self.used_before;
        let used = self.used.entry(client.to_owned());
        let kept = || before.remove(client).unwrap_or_else(|| Arc::new(Used::new()));
        Arc::clone(used.or_insert_with(kept))
    }
}
