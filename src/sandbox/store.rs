//! What a sandbox remembers: resources in order of creation, a clock and ids that repeat from run to run.
//!
//! It does not know what a vendor calls its attributes.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::options::Options;
use super::reply::{RefusalKind, VendorRefusal};

/// More than any test needs; a sandbox is not a directory.
const MOST: usize = 100_000;

/// One resource as the vendor stores it, without what the vendor derives (`id`, `meta`, `schemas`).
#[derive(Clone)]
pub struct Entry {
    pub id: String,
    pub body: Map<String, Value>,
    pub created: String,
    pub modified: String,
    /// Grows by one with every write.
    pub version: u64,
    /// What the sandbox itself put there and no client was told of.
    pub hidden: Value,
}

/// Resources of one type, oldest first.
#[derive(Default)]
pub struct Store {
    entries: Vec<Entry>,
}

/// Everything behind one sandbox.
pub struct Desk {
    pub options: Options,
    pub users: Store,
    pub groups: Store,
    /// Ids of users whose deactivation the vendor could not undo.
    pub irreversible: Vec<String>,
    writes: i64,
    ids: u64,
}

impl Desk {
    pub fn new(options: Options) -> Self {
        Self {
            options,
            users: Store::default(),
            groups: Store::default(),
            irreversible: Vec::new(),
            writes: 0,
            ids: 0,
        }
    }

    /// The time of this write: each is one second after the one before.
    pub fn tick(&mut self) -> String {
        let at = self.options.start.checked_add(SignedDuration::from_secs(self.writes));
        self.writes = self.writes.saturating_add(1);
        format!("{:.3}", at.unwrap_or(Timestamp::MAX))
    }

    /// A new id; the n-th one is the same in every run.
    pub fn next_id(&mut self) -> Uuid {
        self.ids = self.ids.saturating_add(1);
        Uuid::new_v5(&Uuid::NAMESPACE_OID, &self.ids.to_be_bytes())
    }

    /// Stores a new user with the hidden attributes laid under what was said.
    ///
    /// # Errors
    /// Only at the sandbox's own limit.
    pub fn add_user(
        &mut self,
        id: String,
        mut body: Map<String, Value>,
    ) -> Result<Entry, VendorRefusal> {
        let mut hidden = self.options.hidden.clone();
        if let Value::Object(template) = &mut hidden {
            underlay(&mut body, template);
        }
        let at = self.tick();
        self.users.insert(Entry { id, body, created: at.clone(), modified: at, version: 1, hidden })
    }

    /// Stores a new group.
    ///
    /// # Errors
    /// Only at the sandbox's own limit.
    pub fn add_group(
        &mut self,
        id: String,
        body: Map<String, Value>,
    ) -> Result<Entry, VendorRefusal> {
        let at = self.tick();
        let hidden = Value::Null;
        self.groups.insert(Entry {
            id,
            body,
            created: at.clone(),
            modified: at,
            version: 1,
            hidden,
        })
    }

    /// Replaces what is stored of a user.
    ///
    /// # Errors
    /// If there is no such user.
    pub fn write_user(
        &mut self,
        id: &str,
        body: Map<String, Value>,
    ) -> Result<Entry, VendorRefusal> {
        let at = self.tick();
        self.users.write(id, body, at)
    }

    /// Replaces what is stored of a group.
    ///
    /// # Errors
    /// If there is no such group.
    pub fn write_group(
        &mut self,
        id: &str,
        body: Map<String, Value>,
    ) -> Result<Entry, VendorRefusal> {
        let at = self.tick();
        self.groups.write(id, body, at)
    }

    /// Takes a user away, also out of every group.
    ///
    /// # Errors
    /// If there is no such user.
    pub fn remove_user(&mut self, id: &str) -> Result<(), VendorRefusal> {
        self.users.remove(id)?;
        for group in &mut self.groups.entries {
            if let Some(Value::Array(members)) = group.body.get_mut("members") {
                members.retain(|member| member.get("value").and_then(Value::as_str) != Some(id));
            }
        }
        self.tick();
        Ok(())
    }

    /// The groups that hold this user, as `{value, display}`.
    pub fn groups_of(&self, id: &str) -> Vec<Value> {
        let holds = |group: &&Entry| {
            group.body.get("members").and_then(Value::as_array).is_some_and(|members| {
                members.iter().any(|member| member.get("value").and_then(Value::as_str) == Some(id))
            })
        };
        let brief =
            |group: &Entry| json!({"value": group.id, "display": group.body.get("displayName")});
        self.groups.iter().filter(holds).map(brief).collect()
    }
}

impl Store {
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// # Errors
    /// If there is no such resource.
    pub fn get(&self, id: &str) -> Result<&Entry, VendorRefusal> {
        self.entries.iter().find(|entry| entry.id == id).ok_or_else(VendorRefusal::missing)
    }

    /// # Errors
    /// If there is no such resource.
    pub fn remove(&mut self, id: &str) -> Result<Entry, VendorRefusal> {
        let at = self.entries.iter().position(|entry| entry.id == id);
        at.map(|at| self.entries.remove(at)).ok_or_else(VendorRefusal::missing)
    }

    /// Demands that no other resource has this text there, without regard to case.
    ///
    /// # Errors
    /// [`RefusalKind::Unique`] if one has.
    pub fn unique(
        &self,
        name: &str,
        value: Option<&Value>,
        but: &str,
    ) -> Result<(), VendorRefusal> {
        let Some(value) = value.and_then(Value::as_str).map(str::to_lowercase) else {
            return Ok(());
        };
        let same = |entry: &Entry| {
            entry.id != but
                && entry.body.get(name).and_then(Value::as_str).map(str::to_lowercase).as_ref()
                    == Some(&value)
        };
        match self.entries.iter().any(same) {
            true => Err(VendorRefusal::new(RefusalKind::Unique, format!("`{name}` is taken"))),
            false => Ok(()),
        }
    }

    fn insert(&mut self, entry: Entry) -> Result<Entry, VendorRefusal> {
        if self.entries.len() >= MOST {
            return Err(VendorRefusal::new(
                RefusalKind::Full,
                "the sandbox holds no more resources",
            ));
        }
        self.entries.retain(|old| old.id != entry.id);
        self.entries.push(entry.clone());
        Ok(entry)
    }

    fn write(
        &mut self,
        id: &str,
        body: Map<String, Value>,
        at: String,
    ) -> Result<Entry, VendorRefusal> {
        let entry = self
            .entries
            .iter_mut()
            .find(|entry| entry.id == id)
            .ok_or_else(VendorRefusal::missing)?;
        entry.body = body;
        entry.modified = at;
        entry.version = entry.version.saturating_add(1);
        Ok(entry.clone())
    }
}

impl Entry {
    /// The text of a top-level member.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str)
    }

    /// Whether a top-level member is that text, without regard to case.
    pub fn is(&self, name: &str, text: &str) -> bool {
        self.text(name).is_some_and(|own| own.to_lowercase() == text.to_lowercase())
    }
}

/// Fills in what the body lacks, and makes the template say what the body has where both have it.
fn underlay(body: &mut Map<String, Value>, template: &mut Map<String, Value>) {
    for (name, wanted) in template.iter_mut() {
        match (body.get_mut(name), wanted) {
            (Some(Value::Object(below)), Value::Object(wanted)) => underlay(below, wanted),
            (Some(there), wanted) if !there.is_null() => *wanted = there.clone(),
            (_, wanted) => {
                body.insert(name.clone(), wanted.clone());
            }
        }
    }
}
