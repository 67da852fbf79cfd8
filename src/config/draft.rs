//! A configuration as far as it could be read, and why a file could not be read at all.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::code::NOT_READABLE;
use super::model::Config;
use super::named::Named;
use crate::diagnostic::{Diagnostic, Mistakes, Source, any_error};

/// Why a file of another encoding is not read, and what helps.
pub const NOT_UTF8: &str = "it is not UTF-8";
pub const AS_UTF8: &str = "save it as UTF-8";

/// What a file says, mistakes or not.
#[derive(Debug)]
pub struct Draft {
    /// `None` where the file is not TOML. With an error among `found` it serves nothing, and what has a
    /// mistake stands in it as if it let nobody in and led nowhere, so that the rest can be looked at.
    pub config: Option<Config>,
    /// Every dialect that is named, also in a table with mistakes.
    pub dialects: Vec<Named>,
    pub found: Vec<Diagnostic>,
    /// The file, for diagnostics.
    pub sources: Vec<Source>,
}

impl Draft {
    /// The configuration, where it has no mistake.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn finish(self) -> Result<Config, Mistakes> {
        match self.config {
            Some(config) if !any_error(&self.found) => {
                Ok(Config { warnings: self.found, ..config })
            }
            _ => Err(Mistakes { diagnostics: self.found, sources: self.sources }),
        }
    }
}

/// What keeps a configuration from being read, and what to do, where something is known to help.
pub fn unreadable(name: &str, why: &str, hint: Option<&str>) -> Mistakes {
    let message = format!("{name} cannot be read: {why}");
    let mut diagnostic = Diagnostic::error(NOT_READABLE, message);
    if let Some(hint) = hint {
        diagnostic = diagnostic.with_hint(hint);
    }
    Mistakes { diagnostics: vec![diagnostic], sources: vec![Source::new(name, "")] }
}

/// The same of a file; `missing` is what to do where there is none.
pub(super) fn unread(path: &Path, error: &io::Error, missing: &str) -> Mistakes {
    let inner = || format!("name the file in it, such as {}", path.join("config.toml").display());
    let (why, hint) = match error.kind() {
        ErrorKind::NotFound => ("there is no such file", missing.to_owned()),
        ErrorKind::NotADirectory => ("a part of its path is no folder", missing.to_owned()),
        ErrorKind::IsADirectory => ("it is a directory", inner()),
        ErrorKind::InvalidData => (NOT_UTF8, AS_UTF8.to_owned()),
        ErrorKind::PermissionDenied => {
            ("permission denied", "let the user that runs this read it".to_owned())
        }
        other => return unreadable(&path.display().to_string(), &other.to_string(), None),
    };
    unreadable(&path.display().to_string(), why, Some(&hint))
}
