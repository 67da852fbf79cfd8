//! `schema`: JSON Schemas of the files that people write, for their editors.
//!
//! They are what the readers ask for while they read the annotated references, with what these say of each
//! key: nothing here knows a key.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::output::say;
use crate::config::{Config, Surroundings};
use crate::diagnostic::{Shape, recorded};
use crate::diagnostic::{Source, json_schema};
use crate::dialect::Dialects;
use crate::rewrite::parse;

/// The annotated reference of the configuration, which has every key at least in a comment.
const CONFIG: &str = include_str!("../../config.toml");

/// The annotated references of all other files: the blocks that are named.
const DIALECTS: &str = include_str!("../../docs/dialects.md");

/// The names of a dialect's files that are read here.
const FILES: [&str; 3] = ["schema.toml", "dialect.toml", "user.toml"];

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    _plain: super::options::Plain,
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

impl Kind {
    /// The name of its reference.
    fn file(self) -> &'static str {
        match self {
            Self::Config => "config.toml",
            Self::Dialect => "dialect.toml",
            Self::Attributes => "schema.toml",
            Self::Rules => "user.toml",
            Self::Overlay => "overlay.toml",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Config => "The configuration of scim-gateway",
            Self::Dialect => "dialect.toml of a scim-gateway dialect",
            Self::Attributes => "schema.toml of a scim-gateway dialect",
            Self::Rules => "user.toml or group.toml of a scim-gateway dialect",
            Self::Overlay => "An overlay of a scim-gateway route",
        }
    }
}

/// The JSON Schema (draft 2020-12) of a kind of file.
#[must_use]
pub fn of(kind: Kind) -> Value {
    let name = kind.to_possible_value().map(|value| value.get_name().to_owned());
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:scim-gateway:schema:{}", name.unwrap_or_default()),
        "title": kind.title(),
    });
    let shapes = references();
    let own = shapes.get(kind.file()).map(|shape| json_schema(shape, shapes.values()));
    if let (Some(whole), Some(Value::Object(own))) = (schema.as_object_mut(), own) {
        whole.extend(own);
    }
    schema
}

/// What the readers ask of each reference, by its name.
fn references() -> BTreeMap<String, Shape> {
    let named = blocks(DIALECTS);
    let text = |name: &str| named.get(name).cloned().unwrap_or_default();
    let files = FILES.map(|name| (name, Source::new(name, text(name))));
    // Files and secrets that are named there are not here; the readers go on.
    let around = Surroundings { directory: Path::new(""), env: &|_| Some("a-secret".to_owned()) };
    let (_, shapes) = recorded(|| {
        let _ = Config::drafted(&Source::new("config.toml", uncommented(CONFIG)), &around);
        let _ = Dialects::one("every", &files.into());
        let _ = parse::overlay(&Source::new("overlay.toml", text("overlay.toml")));
    });
    shapes
}

/// The blocks of a page that are files, by the last part of their name.
fn blocks(page: &str) -> BTreeMap<&str, String> {
    let mut found = BTreeMap::new();
    for block in page.split("\n```toml file=").skip(1) {
        let Some((path, rest)) = block.split_once('\n') else { continue };
        let (text, _) = rest.split_once("\n```").unwrap_or((rest, ""));
        found.insert(path.rsplit('/').next().unwrap_or(path), format!("{text}\n"));
    }
    found
}

/// The text with every comment that can be a key, a table or a list over several lines made one.
#[must_use]
pub fn uncommented(text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut at = 0;
    while at < lines.len() {
        let block = candidate(&lines, at);
        let mut tried = lines.clone();
        for (slot, line) in tried.iter_mut().skip(at).zip(&block) {
            slot.clone_from(line);
        }
        let fits = !block.is_empty() && tried.join("\n").parse::<toml::Table>().is_ok();
        if fits {
            lines = tried;
        }
        at += if fits { block.len() } else { 1 };
    }
    lines.join("\n")
}

/// The comment at a line as the TOML that it may be; of a list all lines to its end.
fn candidate(lines: &[String], at: usize) -> Vec<String> {
    let bare = |line: &String| line.strip_prefix('#').map(|rest| rest.trim_start().to_owned());
    let Some(first) = lines.get(at).and_then(bare) else { return Vec::new() };
    let is_key = first.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    if !is_key && !first.starts_with('[') {
        return Vec::new();
    }
    if !first.ends_with('[') {
        return vec![first];
    }
    let mut block = vec![first];
    for line in lines.iter().skip(at + 1).map_while(bare) {
        let last = line == "]";
        block.push(line);
        if last {
            break;
        }
    }
    block
}
