//! `schema`: JSON Schemas of the files that people write, for their editors.
//!
//! They are what the readers ask for while they read the shipped files: nothing here knows a key.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::output::say;
use crate::config::{Config, Surroundings};
use crate::diagnostic::Source;
use crate::diagnostic::shape::{Shape, recorded};
use crate::dialect::Dialects;
use crate::rewrite::parse;

/// The annotated reference, which has every key at least in a comment.
const REFERENCE: &str = include_str!("../../config.toml");

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Which file.
    #[arg(value_enum, default_value_t = Kind::Config)]
    kind: Kind,
}

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// config.toml.
    Config,
    /// A dialect's dialect.toml.
    Dialect,
    /// A dialect's schema.toml.
    Attributes,
    /// A dialect's user.toml and group.toml.
    Rules,
    /// A route's overlay.
    Overlay,
}

pub(super) fn schema(options: &Options) -> ExitCode {
    say(&format!("{:#}", of(options.kind)));
    ExitCode::SUCCESS
}

/// The JSON Schema of a kind of file.
#[must_use]
pub fn of(kind: Kind) -> Value {
    let shape = match kind {
        Kind::Config => config(),
        Kind::Dialect => shipped("/dialect.toml"),
        Kind::Attributes => shipped("/schema.toml"),
        Kind::Rules => merged(shipped("/user.toml"), shipped("/group.toml")),
        Kind::Overlay => overlay(),
    };
    let name = kind.to_possible_value().map(|value| value.get_name().to_owned());
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": format!("scim-gateway {}", name.unwrap_or_default()),
    });
    if let (Some(whole), Value::Object(own)) = (schema.as_object_mut(), shape.schema()) {
        whole.extend(own);
    }
    schema
}

/// What the readers ask of the embedded files whose names end so.
fn shipped(end: &str) -> Shape {
    let (_, shapes) = recorded(Dialects::embedded);
    let fit = shapes.into_iter().filter(|(file, _)| file.ends_with(end));
    fit.map(|(_, shape)| shape).reduce(merged).unwrap_or_default()
}

/// An overlay is a file of rules that names its dialect and resource.
fn overlay() -> Shape {
    let Ok(dialects) = Dialects::embedded() else { return Shape::default() };
    let files = dialects.sources().iter();
    let rules = files.filter(|file| file.name.ends_with("/user.toml"));
    let (_, shapes) = recorded(|| {
        for file in rules {
            let head = "dialect = \"scim\"\nresource = \"User\"\n";
            parse::overlay(&Source::new("overlay", format!("{head}{}", file.text)));
        }
    });
    shapes.into_values().reduce(merged).unwrap_or_default()
}

/// What the reader asks of the reference as it is, and with its comments as keys.
fn config() -> Shape {
    let around = Surroundings { directory: Path::new(""), env: &|_| Some("a-secret".to_owned()) };
    let (_, shapes): (_, BTreeMap<_, _>) = recorded(|| {
        for text in [REFERENCE.to_owned(), uncommented(REFERENCE)] {
            // Files that are named there are not here; the reader goes on.
            let _ = Config::read(&Source::new("config", text), &around);
        }
    });
    shapes.into_values().reduce(merged).unwrap_or_default()
}

fn merged(mut one: Shape, other: Shape) -> Shape {
    one.merge(other);
    one
}

/// The text with every comment that can be a key or table made one.
fn uncommented(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    for at in 0..lines.len() {
        let Some(line) = lines.get(at).copied() else { continue };
        let Some(bare) = line.strip_prefix('#').map(str::trim_start) else { continue };
        if !(bare.starts_with('[') || bare.contains(" = ")) {
            continue;
        }
        if let Some(slot) = lines.get_mut(at) {
            *slot = bare;
        }
        if lines.join("\n").parse::<toml::Table>().is_err()
            && let Some(slot) = lines.get_mut(at)
        {
            *slot = line;
        }
    }
    lines.join("\n")
}
