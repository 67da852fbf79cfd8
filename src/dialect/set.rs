//! The ready dialects, by name, with the canonical schema that their rules are checked against.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Mistakes, Source, any_error, sort};
use crate::rewrite::parse::{self, Overlay};
use crate::rewrite::rule::Rules;
use crate::scim::schema::Schema;

use super::code::{NO_CANONICAL, NO_FILE, RESOURCE_UNPAIRED, UNKNOWN_DIALECT};
use super::files::Files;
use super::model::{Dialect, Resource};
use super::schema::{RESOURCES, schemas};
use super::surface::{Part, dialect};
use super::verify::verify;

/// The dialect whose schemas are the canonical ones.
const CANONICAL: &str = "scim";

/// Every dialect that the gateway can speak.
#[derive(Clone, Debug)]
pub struct Dialects {
    dialects: BTreeMap<String, Arc<Dialect>>,
    canonical: Arc<Dialect>,
    user: Schema,
    sources: Vec<Source>,
    warnings: Vec<Diagnostic>,
}

impl Dialects {
    /// The set that the program was built with.
    ///
    /// # Errors
    /// All mistakes of all files.
    pub fn embedded() -> Result<Self, Mistakes> {
        Self::load(Files::embedded())
    }

    /// The embedded set with the files of a directory (`<dialect>/schema.toml` …) laid over it.
    ///
    /// # Errors
    /// All mistakes of all files, and files that cannot be read.
    pub fn with_directory(directory: &Path) -> Result<Self, Mistakes> {
        let mut files = Files::embedded();
        files.lay_over(directory);
        Self::load(files)
    }

    pub fn named(&self, name: &str) -> Option<&Arc<Dialect>> {
        self.dialects.get(name)
    }

    /// The dialects' names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.dialects.keys().map(String::as_str)
    }

    /// The canonical schema of users.
    pub fn canonical(&self) -> &Schema {
        &self.user
    }

    /// The canonical schema of a resource type, such as `Group`.
    pub fn canonical_of(&self, resource: &str) -> Option<&Schema> {
        canonical_of(&self.canonical, resource)
    }

    /// Reads an overlay, with all mistakes, also those that only its dialect's schema shows.
    pub fn overlay(&self, source: &Source) -> (Overlay, Vec<Diagnostic>) {
        let (overlay, mut found) = parse::overlay(source);
        let resource = |r: &&Resource| r.schema.resource == overlay.resource;
        match self.named(&overlay.dialect) {
            None if overlay.dialect.is_empty() => {}
            None => {
                let names = self.names();
                found.push(unknown(source, &overlay.dialect, &overlay.dialect_at, names));
            }
            Some(dialect) => match dialect.resources.iter().find(resource) {
                None if overlay.resource.is_empty() => {}
                None => {
                    let names = dialect.resources.iter().map(|r| r.schema.resource.as_str());
                    found.push(unknown(source, &overlay.resource, &overlay.resource_at, names));
                }
                Some(resource) => {
                    let canonical = self.canonical_of(&overlay.resource).unwrap_or(&self.user);
                    found.extend(verify(
                        &overlay.rules,
                        &resource.rules,
                        dialect,
                        resource,
                        canonical,
                    ));
                }
            },
        }
        sort(&mut found);
        (overlay, found)
    }

    /// The files that were read, for rendering diagnostics.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Mistakes that keep no dialect from working.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    fn load(files: Files) -> Result<Self, Mistakes> {
        let mut found = files.unreadable;
        let mut dialects = BTreeMap::new();
        let mut sources = Vec::new();
        for (name, files) in &files.dialects {
            let read = one(name, files, &mut found);
            dialects.extend(read.map(|dialect| (name.clone(), Arc::new(dialect))));
            sources.extend(files.values().cloned());
        }
        let canonical = dialects.get(CANONICAL).cloned();
        let user = canonical.as_ref().and_then(|dialect| canonical_of(dialect, "User")).cloned();
        if let Some(canonical) = &canonical {
            for dialect in dialects.values() {
                for resource in &dialect.resources {
                    let Some(schema) = canonical_of(canonical, &resource.schema.resource) else {
                        continue;
                    };
                    found.extend(verify(
                        &resource.rules,
                        &Rules::default(),
                        dialect,
                        resource,
                        schema,
                    ));
                }
            }
        }
        sort(&mut found);
        match (canonical, user) {
            (Some(canonical), Some(user)) if !any_error(&found) => {
                Ok(Self { dialects, canonical, user, sources, warnings: found })
            }
            _ => {
                if !any_error(&found) {
                    let message = "there is no dialect `scim` with a schema of the resource `User`";
                    found.push(Diagnostic::error(NO_CANONICAL, message));
                }
                Err(Mistakes { diagnostics: found, sources })
            }
        }
    }
}

fn unknown<'n>(
    source: &Source,
    name: &str,
    span: &Range<usize>,
    names: impl Iterator<Item = &'n str>,
) -> Diagnostic {
    let message = format!("`{name}` does not exist");
    let hint = format!("there are: {}", names.collect::<Vec<_>>().join(", "));
    let diagnostic = Diagnostic::error(UNKNOWN_DIALECT, message);
    diagnostic.at(&source.name, span.clone(), "not known").with_hint(hint)
}

fn canonical_of<'d>(canonical: &'d Dialect, resource: &str) -> Option<&'d Schema> {
    let mut schemas = canonical.resources.iter().map(|resource| &resource.schema);
    schemas.find(|schema| schema.resource == resource)
}

/// Rule files of resource types that the schema does not have.
fn stray(
    files: &BTreeMap<&'static str, Source>,
    schemas: &[(&'static str, Schema)],
) -> Vec<Diagnostic> {
    let lacking = RESOURCES.into_iter().filter(|key| schemas.iter().all(|(k, _)| k != key));
    let strays = lacking.filter_map(|key| Some((key, files.get(format!("{key}.toml").as_str())?)));
    let diagnostic = |(key, source): (&str, &Source)| {
        let message = format!("there are rules for `[{key}]` and schema.toml has no such table");
        let diagnostic = Diagnostic::error(RESOURCE_UNPAIRED, message);
        let hint = format!("add `[{key}]` to schema.toml and dialect.toml");
        diagnostic.at(&source.name, 0..0, "this file").with_hint(hint)
    };
    strays.map(diagnostic).collect()
}

fn one(
    name: &str,
    files: &BTreeMap<&'static str, Source>,
    found: &mut Vec<Diagnostic>,
) -> Option<Dialect> {
    let mut need = |file: &str| {
        let source = files.get(file);
        if source.is_none() {
            let message = format!("the dialect `{name}` has no {file}");
            let hint = "a dialect is a folder with dialect.toml, schema.toml and its rules";
            found.push(Diagnostic::error(NO_FILE, message).with_hint(hint));
        }
        source
    };
    let (schema, surface) = (need("schema.toml"), need("dialect.toml"));
    let (schemas, mistakes) = schemas(schema?);
    found.extend(mistakes);
    found.extend(stray(files, &schemas));
    let mut parts = Vec::new();
    for (key, schema) in schemas {
        let rules = files.get(format!("{key}.toml").as_str()).map(parse::rules);
        let (rules, mistakes) = rules.unwrap_or_default();
        found.extend(mistakes);
        parts.push(Part { key, schema, rules });
    }
    let (dialect, mistakes) = dialect(name, surface?, parts);
    found.extend(mistakes);
    dialect
}
