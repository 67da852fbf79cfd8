//! What readers of TOML ask for, recorded while they read: the form of a file as its reader has it.
//!
//! The JSON Schemas are made of it, so that they cannot say anything else than the readers do. What no
//! sample has is known by its key alone.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

thread_local! {
    /// Set while [`recorded`] works on this thread.
    static NOTES: RefCell<Option<Vec<Note>>> = const { RefCell::new(None) };
}

/// One thing that a reader asked. Values and tables are known by where they are in memory, which is
/// unique while their file is read; `Root` begins another file.
#[derive(Clone, Debug)]
pub(super) enum Note {
    Root { file: String, table: usize },
    Asked { table: usize, key: &'static str, needed: bool, value: Option<usize> },
    Free { table: usize, values: Vec<usize> },
    Form { value: usize, form: &'static str },
    Words { value: usize, words: Vec<String> },
    Table { value: usize, table: usize },
    Elements { value: usize, elements: Vec<usize> },
}

/// The form of a value, over all samples.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// JSON Schema's names of types; `any` for whatever TOML can say.
    forms: BTreeSet<&'static str>,
    words: BTreeSet<String>,
    /// Whether it was read as a table.
    table: bool,
    /// Each with whether it has to be there.
    keys: BTreeMap<&'static str, (bool, Self)>,
    /// What stands at keys that are free.
    free: Option<Box<Self>>,
    elements: Option<Box<Self>>,
}

/// Does the work, and tells the form of each file that was read for it, by the file's name.
pub fn recorded<T>(work: impl FnOnce() -> T) -> (T, BTreeMap<String, Shape>) {
    NOTES.with_borrow_mut(|notes| *notes = Some(Vec::new()));
    let done = work();
    let notes = NOTES.with_borrow_mut(Option::take).unwrap_or_default();
    let mut shapes: BTreeMap<String, Shape> = BTreeMap::new();
    for part in notes.chunk_by(|_, next| !matches!(next, Note::Root { .. })) {
        if let Some(Note::Root { file, table }) = part.first() {
            shapes.entry(file.clone()).or_default().merge(table_of(part, *table));
        }
    }
    (done, shapes)
}

pub(super) fn note(make: impl FnOnce() -> Note) {
    NOTES.with_borrow_mut(|notes| {
        if let Some(notes) = notes {
            notes.push(make());
        }
    });
}

fn table_of(notes: &[Note], at: usize) -> Shape {
    let mut shape = Shape { table: true, ..Shape::default() };
    for note in notes {
        match note {
            Note::Asked { table, key, needed, value } if *table == at => {
                let found = value.map(|value| value_of(notes, value)).unwrap_or_default();
                let (need, known) = shape.keys.entry(key).or_insert((*needed, Shape::default()));
                // Asked for twice: for its own sake, and to point at it in a mistake.
                *need |= needed;
                known.merge(found);
            }
            Note::Free { table, values } if *table == at => {
                let free = shape.free.get_or_insert_default();
                values.iter().for_each(|value| free.merge(value_of(notes, *value)));
            }
            _ => {}
        }
    }
    shape
}

fn value_of(notes: &[Note], at: usize) -> Shape {
    let mut shape = Shape::default();
    for note in notes {
        match note {
            Note::Form { value, form } if *value == at => drop(shape.forms.insert(form)),
            Note::Words { value, words } if *value == at => shape.words.extend(words.clone()),
            Note::Table { value, table } if *value == at => shape.merge(table_of(notes, *table)),
            Note::Elements { value, elements } if *value == at => {
                let each = shape.elements.get_or_insert_default();
                elements.iter().for_each(|element| each.merge(value_of(notes, *element)));
            }
            _ => {}
        }
    }
    shape
}

impl Shape {
    /// Takes what another sample has.
    pub fn merge(&mut self, other: Self) {
        let both = self.table && other.table;
        self.forms.extend(other.forms);
        self.words.extend(other.words);
        if both {
            // A key that only one of them asked for cannot have to be there.
            for (key, (needed, _)) in &mut self.keys {
                *needed &= other.keys.get(key).is_some_and(|(needed, _)| *needed);
            }
        }
        for (key, (needed, shape)) in other.keys {
            let known = self.keys.entry(key).or_insert((needed && !both, Self::default()));
            known.1.merge(shape);
        }
        self.table |= other.table;
        for (own, more) in [(&mut self.free, other.free), (&mut self.elements, other.elements)] {
            if let Some(more) = more {
                own.get_or_insert_default().merge(*more);
            }
        }
    }

    /// As JSON Schema, without `$schema`.
    #[must_use]
    pub fn schema(&self) -> Value {
        let mut ways = Vec::new();
        if !self.words.is_empty() {
            ways.push(json!({ "enum": self.words }));
        }
        for form in &self.forms {
            match *form {
                "any" => return json!({}),
                // A word is a string, too, and is said already.
                "string" if !self.words.is_empty() => {}
                "integer" => ways.push(json!({ "type": "integer", "minimum": 0 })),
                form => ways.push(json!({ "type": form })),
            }
        }
        if let Some(elements) = &self.elements {
            ways.push(json!({ "type": "array", "items": elements.schema() }));
        }
        if self.table {
            ways.push(self.object());
        }
        match ways.len() {
            0 => json!({}),
            1 => ways.remove(0),
            _ => json!({ "anyOf": ways }),
        }
    }

    fn object(&self) -> Value {
        let keys = self.keys.iter().map(|(key, (_, shape))| ((*key).to_owned(), shape.schema()));
        let needed: Vec<_> =
            self.keys.iter().filter(|(_, (needed, _))| *needed).map(|(key, _)| *key).collect();
        let more = self.free.as_ref().map_or(Value::Bool(false), |free| free.schema());
        let mut object = json!({
            "type": "object",
            "properties": keys.collect::<Map<_, _>>(),
            "additionalProperties": more,
        });
        if let (false, Some(object)) = (needed.is_empty(), object.as_object_mut()) {
            object.insert("required".to_owned(), json!(needed));
        }
        object
    }
}
