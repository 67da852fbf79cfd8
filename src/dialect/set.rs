//! The ready dialects, by name, with the canonical schema that their rules are checked against.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Mistakes, Source, any_error, sort};
use crate::rewrite::parse::{self, Overlay};
use crate::rewrite::rule::Rules;
use crate::scim::schema::Schema;

use super::code::{NO_CANONICAL, NO_FILE, RESOURCE_UNPAIRED, UNKNOWN_DIALECT};
use super::files::Files;
use super::forms::Resource;
use super::model::Dialect;
use super::resource::Part;
use super::schema::{RESOURCES, schemas};
use super::surface::dialect;
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
    /// Those that are there and cannot be read.
    broken: BTreeSet<String>,
}

impl Dialects {
    /// The set that the program was built with.
    ///
    /// # Errors
    /// All mistakes of all files.
    pub fn embedded() -> Result<Self, Mistakes> {
        Self::finish(Self::load(Files::embedded()))
    }

    /// The embedded set with the files of a directory (`<dialect>/schema.toml` …) laid over it.
    ///
    /// # Errors
    /// All mistakes of all files, and files that cannot be read.
    pub fn with_directory(directory: &Path) -> Result<Self, Mistakes> {
        let mut files = Files::embedded();
        files.lay_over(directory);
        Self::finish(Self::load(files))
    }

    /// The same as far as it can be used, and everything that is wrong with it.
    ///
    /// # Errors
    /// There is no canonical schema, not even the embedded one.
    pub fn draft(directory: Option<&Path>) -> Result<(Self, Mistakes), Mistakes> {
        let mut files = Files::embedded();
        directory.into_iter().for_each(|directory| files.lay_over(directory));
        match Self::load(files) {
            (Some(dialects), found) => Ok((dialects, found)),
            (None, found) => Err(found),
        }
    }

    /// Reads the files of one dialect, by their names in its folder, as far as it can be used, and all that is
    /// wrong with it by itself.
    pub fn one(
        name: &str,
        files: &BTreeMap<&'static str, Source>,
    ) -> (Option<Dialect>, Vec<Diagnostic>) {
        let mut found = Vec::new();
        (one(name, files, &mut found), found)
    }

    pub fn named(&self, name: &str) -> Option<&Arc<Dialect>> {
        self.dialects.get(name)
    }

    /// The dialects' names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.dialects.keys().map(String::as_str)
    }

    /// Whether the dialect is there and cannot be used.
    pub fn is_broken(&self, name: &str) -> bool {
        self.broken.contains(name)
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

    fn finish((dialects, found): (Option<Self>, Mistakes)) -> Result<Self, Mistakes> {
        match dialects {
            Some(dialects) if !any_error(&found.diagnostics) => {
                Ok(Self { warnings: found.diagnostics, ..dialects })
            }
            _ => Err(found),
        }
    }

    /// What can be used of the files, and all that is wrong with them. Where the canonical schema is
    /// not there, the rest is held against the embedded one.
    fn load(files: Files) -> (Option<Self>, Mistakes) {
        let mut found = files.unreadable;
        let mut dialects = BTreeMap::new();
        let mut broken = BTreeSet::new();
        let mut sources = Vec::new();
        for (name, files) in &files.dialects {
            match one(name, files, &mut found) {
                Some(dialect) => drop(dialects.insert(name.clone(), Arc::new(dialect))),
                None => drop(broken.insert(name.clone())),
            }
            sources.extend(files.values().cloned());
        }
        let own = dialects.get(CANONICAL).cloned().and_then(with_user);
        if own.is_none() && !any_error(&found) {
            let message = "there is no dialect `scim` with a schema of the resource `User`";
            found.push(Diagnostic::error(NO_CANONICAL, message));
        }
        let canonical = own.or_else(embedded_canonical);
        for dialect in dialects.values() {
            for resource in &dialect.resources {
                let schema = canonical
                    .as_ref()
                    .and_then(|(canonical, _)| canonical_of(canonical, &resource.schema.resource));
                let Some(schema) = schema else { continue };
                let below = Rules::default();
                found.extend(verify(&resource.rules, &below, dialect, resource, schema));
            }
        }
        sort(&mut found);
        let dialects = canonical.map(|(canonical, user)| Self {
            dialects,
            canonical,
            user,
            sources: sources.clone(),
            warnings: Vec::new(),
            broken,
        });
        (dialects, Mistakes { diagnostics: found, sources })
    }
}

/// A dialect with its schema of users, if it has one.
fn with_user(dialect: Arc<Dialect>) -> Option<(Arc<Dialect>, Schema)> {
    let user = canonical_of(&dialect, "User").cloned()?;
    Some((dialect, user))
}

fn embedded_canonical() -> Option<(Arc<Dialect>, Schema)> {
    let files = Files::embedded();
    one(CANONICAL, files.dialects.get(CANONICAL)?, &mut Vec::new())
        .map(Arc::new)
        .and_then(with_user)
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
