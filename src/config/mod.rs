//! `config.toml` and the environment -> [`Config`], plain data that cannot be wrong; with the
//! dialects -> route specifications.
//!
//! All mistakes come at once, each with its place. This room knows no socket and no Pingora.

use std::path::Path;

use include_dir::{Dir, include_dir};

use crate::diagnostic::TableKind;
use crate::diagnostic::toml::Table;
use crate::diagnostic::{Mistakes, Source};
use crate::dialect::override_schema;
use crate::scim::schema::{Attribute, Schema, Unknown};

mod admin;
mod auth;
mod build;
mod caller;
pub mod care;
mod cleartext;
mod code;
mod file;
pub mod identity;
mod jwt;
pub mod model;
mod moved;
pub mod network;
pub mod oauth;
mod private_key;
mod record;
mod restart;
mod route;
mod safety;
pub mod secret;
mod server;
mod timeouts;
mod upstream;
mod value;
mod watch;

pub use build::{compose, rules_hash, specs};
pub use code::{CODES, KEPT, UNUSABLE};
pub use file::{AS_UTF8, Draft, NOT_UTF8, unreadable};
pub use identity::Identity;
pub use model::Config;
pub use moved::{MOVED, Moved, RELEASES, moved};
pub use private_key::PrivateKey;
pub use restart::restart;
pub use secret::Secret;
pub use value::time;

static OVERLAYS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/rules/overlays");

/// What to do where a configuration is not there: when it is asked for, when it was read before, and where
/// standard input is meant.
const ELSEWHERE: &str = "give its path with --config";
const BACK: &str = "put it back; until then the configuration before serves";
const STANDARD_INPUT: &str = "only `check` reads standard input: give the name of a file";

/// What stands for a secret that is not needed.
const UNSET: &str = "unset";

/// What a configuration is read in: where its relative paths begin, and the environment.
pub struct Surroundings<'a> {
    pub directory: &'a Path,
    pub env: &'a dyn Fn(&str) -> Option<String>,
}

impl Config {
    /// Reads a configuration file, with this process's environment.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn load(path: &Path) -> Result<Self, Mistakes> {
        Self::draft(path)?.finish()
    }

    /// As [`Config::draft`], for what makes no call: a secret that the environment lacks is no mistake
    /// then.
    ///
    /// # Errors
    /// The file cannot be read at all.
    pub fn inspect(path: &Path) -> Result<Draft, Mistakes> {
        let env = |name: &str| Some(std::env::var(name).unwrap_or_else(|_| UNSET.to_owned()));
        Self::sketch(path, &env, ELSEWHERE)
    }

    /// Reads a configuration file, with this process's environment, as far as it can be read.
    ///
    /// # Errors
    /// The file cannot be read at all.
    pub fn draft(path: &Path) -> Result<Draft, Mistakes> {
        Self::sketch(path, &|name| std::env::var(name).ok(), ELSEWHERE)
    }

    /// As [`Config::draft`], of the file that a running process was started with: its path stays.
    ///
    /// # Errors
    /// The file cannot be read at all.
    pub fn again(path: &Path) -> Result<Draft, Mistakes> {
        Self::sketch(path, &|name| std::env::var(name).ok(), BACK)
    }

    /// `missing` is what to do where there is no such file.
    fn sketch(
        path: &Path,
        env: &dyn Fn(&str) -> Option<String>,
        missing: &str,
    ) -> Result<Draft, Mistakes> {
        let missing = if path == Path::new("-") { STANDARD_INPUT } else { missing };
        let name = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|error| file::unread(path, &error, missing))?;
        let directory = path.parent().unwrap_or(Path::new(""));
        Ok(file::draft(&Source::new(name, text), &Surroundings { directory, env }))
    }

    /// Reads a configuration's text, as far as it can be read.
    pub fn drafted(source: &Source, around: &Surroundings<'_>) -> Draft {
        file::draft(source, around)
    }

    /// Reads a configuration's text.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn read(source: &Source, around: &Surroundings<'_>) -> Result<Self, Mistakes> {
        Self::drafted(source, around).finish()
    }
}

/// An overlay that the program was built with, by its name `rules/overlays/<file>`.
fn embedded_overlay(name: &str) -> Option<&'static str> {
    OVERLAYS.get_file(name.strip_prefix("rules/overlays/")?)?.contents_utf8()
}

/// The attribute entries of a table in the form of `schema.toml` (`attribute`, `extension`).
fn extends(table: &Table<'_>, key: &'static str) -> Vec<Attribute> {
    let Some(entries) = table.table(key) else { return Vec::new() };
    entries.is(TableKind::Same("entries"));
    let mut schema = Schema {
        resource: String::new(),
        urn: String::new(),
        attributes: Vec::new(),
        open_extensions: false,
        unknown: Unknown::Refuse,
    };
    override_schema(&mut schema, &entries);
    entries.close();
    schema.attributes
}
