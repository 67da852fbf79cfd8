//! The form of a file, as JSON Schema (draft 2020-12, and nothing of it that draft 7 reads otherwise).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::annotation::Told;
use super::form::{Form, TEXT};
use super::shape::{Key, Keys, Shape};

/// The schema of a file, without `$schema`, `$id` and `title`. What tables of `others` have in common with
/// the file's own is taken from there, too.
#[must_use]
pub fn json_schema<'s>(file: &'s Shape, others: impl IntoIterator<Item = &'s Shape>) -> Value {
    let mut kinds = Kinds::default();
    kinds.gather(file);
    others.into_iter().for_each(|shape| kinds.gather(shape));
    let mut schema = kinds.value(file);
    let mut definitions: BTreeMap<&str, Value> = BTreeMap::new();
    let mut open = kinds.named_in(file);
    while let Some(name) = open.pop() {
        let Some(keys) = kinds.same.get(name).filter(|_| !definitions.contains_key(name)) else {
            continue;
        };
        definitions.insert(name, kinds.object(keys));
        open.extend(kinds.named_below(keys));
    }
    if let (false, Some(schema)) = (definitions.is_empty(), schema.as_object_mut()) {
        schema.insert("$defs".to_owned(), json!(definitions));
    }
    schema
}

/// What tables have in common, by the name of their kind.
#[derive(Default)]
struct Kinds {
    same: BTreeMap<&'static str, Keys>,
    shared: BTreeMap<&'static str, Keys>,
}

impl Kinds {
    fn gather(&mut self, shape: &Shape) {
        shape.elements.iter().for_each(|elements| self.gather(elements));
        let Some(keys) = &shape.table else { return };
        for (kind, known) in [(keys.same, &mut self.same), (keys.shared, &mut self.shared)] {
            let Some(name) = kind else { continue };
            match known.get_mut(name) {
                Some(known) => known.merge(keys.clone()),
                None => drop(known.insert(name, keys.clone())),
            }
        }
        keys.keys.values().for_each(|key| self.gather(&key.shape));
        keys.free.iter().for_each(|free| self.gather(free));
    }

    /// The definitions that the value's schema refers to.
    fn named_in(&self, shape: &Shape) -> Vec<&'static str> {
        let mut names = shape.elements.as_ref().map(|each| self.named_in(each)).unwrap_or_default();
        if let Some(keys) = &shape.table {
            match keys.same {
                Some(name) => names.push(name),
                None => names.extend(self.named_below(keys)),
            }
        }
        names
    }

    fn named_below(&self, keys: &Keys) -> Vec<&'static str> {
        let known = keys.keys.iter().map(|(key, own)| self.known(keys, key, own).1);
        known.chain(keys.free.as_deref()).flat_map(|shape| self.named_in(shape)).collect()
    }

    /// What is told of a key, and its form, by all tables that share it.
    fn known<'k>(&'k self, keys: &Keys, key: &str, own: &'k Key) -> (Option<&'k Told>, &'k Shape) {
        let all = keys.shared.and_then(|name| self.shared.get(name)?.keys.get(key)).unwrap_or(own);
        (own.told.as_ref().or(all.told.as_ref()), &all.shape)
    }

    fn value(&self, shape: &Shape) -> Value {
        let mut ways: Vec<Value> = Vec::new();
        if !shape.words.is_empty() {
            ways.push(json!({ "enum": shape.words }));
        }
        let forms = simple(shape);
        if forms.contains(&Form::Any) {
            return json!({});
        }
        ways.extend(forms.into_iter().map(Form::schema));
        if let Some(elements) = &shape.elements {
            let mut list = json!({ "type": "array", "items": self.value(elements) });
            let (least, most) = shape.length.unwrap_or((0, usize::MAX));
            let bounds = [("minItems", least, 0), ("maxItems", most, usize::MAX)];
            for (word, bound, _) in bounds.into_iter().filter(|(_, bound, none)| bound != none) {
                list.as_object_mut().and_then(|list| list.insert(word.to_owned(), json!(bound)));
            }
            ways.push(list);
        }
        match &shape.table {
            Some(Keys { same: Some(name), .. }) => {
                ways.push(json!({ "$ref": format!("#/$defs/{name}") }));
            }
            Some(keys) => ways.push(self.object(keys)),
            None => {}
        }
        match ways.len() {
            0 => json!({}),
            1 => ways.remove(0),
            _ => json!({ "anyOf": ways }),
        }
    }

    fn object(&self, keys: &Keys) -> Value {
        let properties = keys.keys.iter().map(|(key, own)| {
            // One of several has to be there: none of them has a default.
            let one = keys.clauses.iter().any(|clause| clause.is_choice_of(key));
            ((*key).to_owned(), self.property(self.known(keys, key, own), own.needed || one))
        });
        let needed: Vec<_> =
            keys.keys.iter().filter(|(_, key)| key.needed).map(|(key, _)| *key).collect();
        let more = keys.free.as_ref().map_or(Value::Bool(false), |free| self.value(free));
        let mut object = json!({
            "type": "object",
            "properties": properties.collect::<Map<_, _>>(),
            "additionalProperties": more,
        });
        let clauses: Vec<_> = keys.clauses.iter().map(|clause| clause.schema()).collect();
        let lists = [("required", json!(needed)), ("allOf", json!(clauses))];
        for (word, list) in lists.into_iter().filter(|(_, list)| list != &json!([])) {
            object.as_object_mut().and_then(|object| object.insert(word.to_owned(), list));
        }
        object
    }

    fn property(&self, (told, shape): (Option<&Told>, &Shape), needed: bool) -> Value {
        let mut schema = self.value(shape);
        let (Some(told), Some(members)) = (told, schema.as_object_mut()) else {
            return schema;
        };
        members.insert("description".to_owned(), json!(told.description()));
        let (words, forms) = (&shape.words, simple(shape));
        let takes = |value: &Value| {
            value.as_str().is_some_and(|word| words.contains(word))
                || forms.iter().any(|form| form.has(value))
        };
        if let Some(default) = told.default(|word| words.contains(word), takes).filter(|_| !needed)
        {
            members.insert("default".to_owned(), default);
        }
        schema
    }
}

/// The simple forms that say something beside one another: a word and a text of a pattern are texts, and of
/// whole numbers the widest range holds.
fn simple(shape: &Shape) -> BTreeSet<Form> {
    let mut forms = shape.forms.clone();
    let patterned =
        forms.iter().any(|form| matches!(form, Form::Text(pattern) if !pattern.is_empty()));
    if patterned || !shape.words.is_empty() {
        forms.remove(&TEXT);
    }
    let whole = |form: &Form| {
        if let Form::Integer(least, most) = form { Some((*least, *most)) } else { None }
    };
    let widest = forms.iter().filter_map(whole).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    if let Some((least, most)) = widest {
        forms.retain(|form| whole(form).is_none());
        forms.insert(Form::Integer(least, most));
    }
    forms
}
