//! What readers of TOML ask for, recorded while they read: the form of a file as its reader has it.
//!
//! The JSON Schemas are made of it, so that they cannot say anything else than the readers do. What no
//! sample has is known by its key alone.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::annotation::Told;
use super::form::{Clause, Form};

thread_local! {
    /// Set while [`recorded`] works on this thread.
    static NOTES: RefCell<Option<Vec<Note>>> = const { RefCell::new(None) };
}

/// One thing that a reader asked or said. Values and tables are known by where they are in memory, which
/// is unique while their file is read; `Root` begins another file.
#[derive(Clone, Debug)]
pub(super) enum Note {
    Root {
        file: String,
        table: usize,
    },
    Asked {
        table: usize,
        key: &'static str,
        needed: bool,
        told: Option<Told>,
        value: Option<usize>,
    },
    Free {
        table: usize,
        values: Vec<usize>,
    },
    Kind {
        table: usize,
        kind: TableKind,
    },
    Clause {
        table: usize,
        clause: Clause,
    },
    Form {
        value: usize,
        form: Form,
    },
    Words {
        value: usize,
        words: Vec<String>,
    },
    Length {
        value: usize,
        least: usize,
        most: usize,
    },
    Table {
        value: usize,
        table: usize,
    },
    Elements {
        value: usize,
        elements: Vec<usize>,
    },
}

/// What tables have in common: a sample or a comment of one is one of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TableKind {
    /// They have the same keys. A table is of one such kind at most, and of one of the other.
    Same(&'static str),
    /// Keys that several of them have take the same values.
    Shared(&'static str),
}

/// The form of a value, over all samples.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    pub(super) forms: BTreeSet<Form>,
    pub(super) words: BTreeSet<String>,
    /// Where it was read as a table.
    pub(super) table: Option<Keys>,
    pub(super) elements: Option<Box<Self>>,
    /// The fewest and the most elements.
    pub(super) length: Option<(usize, usize)>,
}

/// The form of a table.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    /// The kind of tables that have the same keys.
    pub(super) same: Option<&'static str>,
    /// The kind of tables that have some keys in common.
    pub(super) shared: Option<&'static str>,
    pub(super) keys: BTreeMap<&'static str, Key>,
    /// What stands at keys that are free.
    pub(super) free: Option<Box<Shape>>,
    pub(super) clauses: BTreeSet<Clause>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Key {
    /// Whether it has to be there.
    pub(super) needed: bool,
    pub(super) told: Option<Told>,
    pub(super) shape: Shape,
}

/// Does the work, and tells the form of each file that was read for it, by the file's name.
pub fn recorded<T>(work: impl FnOnce() -> T) -> (T, BTreeMap<String, Shape>) {
    NOTES.with_borrow_mut(|notes| *notes = Some(Vec::new()));
    let done = work();
    let notes = NOTES.with_borrow_mut(Option::take).unwrap_or_default();
    let mut shapes: BTreeMap<String, Shape> = BTreeMap::new();
    for part in notes.chunk_by(|_, next| !matches!(next, Note::Root { .. })) {
        if let Some(Note::Root { file, table }) = part.first() {
            let table = Some(Notes::of(part).table(*table));
            shapes.entry(file.clone()).or_default().merge(Shape { table, ..Shape::default() });
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

/// The notes of one file, by the table or the value that they are about.
struct Notes<'n> {
    tables: HashMap<usize, Vec<&'n Note>>,
    values: HashMap<usize, Vec<&'n Note>>,
}

impl<'n> Notes<'n> {
    fn of(notes: &'n [Note]) -> Self {
        let mut own = Self { tables: HashMap::new(), values: HashMap::new() };
        for note in notes {
            match note {
                Note::Root { .. } => {}
                Note::Asked { table, .. }
                | Note::Free { table, .. }
                | Note::Kind { table, .. }
                | Note::Clause { table, .. } => own.tables.entry(*table).or_default().push(note),
                Note::Form { value, .. }
                | Note::Words { value, .. }
                | Note::Length { value, .. }
                | Note::Table { value, .. }
                | Note::Elements { value, .. } => own.values.entry(*value).or_default().push(note),
            }
        }
        own
    }

    fn table(&self, at: usize) -> Keys {
        let mut keys = Keys::default();
        for note in self.tables.get(&at).into_iter().flatten() {
            match note {
                Note::Asked { key, needed, told, value, .. } => {
                    let shape = value.map(|value| self.value(value)).unwrap_or_default();
                    let known = keys.keys.entry(key).or_default();
                    // Asked for twice: for its own sake, and to point at it in a mistake.
                    known.needed |= needed;
                    known.merge(told.clone(), shape);
                }
                Note::Free { values, .. } => {
                    let free = keys.free.get_or_insert_default();
                    values.iter().for_each(|value| free.merge(self.value(*value)));
                }
                Note::Kind { kind: TableKind::Same(name), .. } => keys.same = Some(*name),
                Note::Kind { kind: TableKind::Shared(name), .. } => keys.shared = Some(*name),
                Note::Clause { clause, .. } => drop(keys.clauses.insert(*clause)),
                _ => {}
            }
        }
        keys
    }

    fn value(&self, at: usize) -> Shape {
        let mut shape = Shape::default();
        for note in self.values.get(&at).into_iter().flatten() {
            match note {
                Note::Form { form, .. } => drop(shape.forms.insert(*form)),
                Note::Words { words, .. } => shape.words.extend(words.iter().cloned()),
                Note::Length { least, most, .. } => shape.length = Some((*least, *most)),
                Note::Table { table, .. } => {
                    // Read twice, it is the same table.
                    shape.table = Some(self.table(*table));
                }
                Note::Elements { elements, .. } => {
                    let each = shape.elements.get_or_insert_default();
                    elements.iter().for_each(|element| each.merge(self.value(*element)));
                }
                _ => {}
            }
        }
        shape
    }
}

impl Key {
    fn merge(&mut self, told: Option<Told>, shape: Shape) {
        // The first that is about this key alone, else the first.
        let better = told
            .as_ref()
            .is_some_and(|new| self.told.as_ref().is_none_or(|known| new.own && !known.own));
        if better {
            self.told = told;
        }
        self.shape.merge(shape);
    }
}

impl Keys {
    pub(super) fn merge(&mut self, other: Self) {
        self.same = self.same.or(other.same);
        self.shared = self.shared.or(other.shared);
        self.clauses.extend(other.clauses);
        // A key that only one of them asked for cannot have to be there.
        for (key, own) in &mut self.keys {
            own.needed &= other.keys.get(key).is_some_and(|other| other.needed);
        }
        for (key, other) in other.keys {
            self.keys.entry(key).or_default().merge(other.told, other.shape);
        }
        if let Some(more) = other.free {
            self.free.get_or_insert_default().merge(*more);
        }
    }
}

impl Shape {
    /// Takes what another sample has.
    pub fn merge(&mut self, other: Self) {
        self.forms.extend(other.forms);
        self.words.extend(other.words);
        match (&mut self.table, other.table) {
            (Some(own), Some(other)) => own.merge(other),
            (own, other) => *own = own.take().or(other),
        }
        if let Some(more) = other.elements {
            self.elements.get_or_insert_default().merge(*more);
        }
        self.length = match (self.length, other.length) {
            (Some(own), Some(other)) => Some((own.0.min(other.0), own.1.max(other.1))),
            (own, other) => own.or(other),
        };
    }
}
