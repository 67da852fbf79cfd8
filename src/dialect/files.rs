//! The files of `rules/`: the embedded ones, and an operator's directory laid over them.
//!
//! It does not read what is in them.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use include_dir::{Dir, include_dir};

use crate::diagnostic::{Diagnostic, Source};

use super::code::NOT_READABLE;

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// The files that make up a dialect; others in its folder are not read.
const NAMES: [&str; 5] = ["dialect.toml", "schema.toml", "user.toml", "group.toml", "cases.md"];

/// The folder beside the dialects that holds overlays.
const OVERLAYS: &str = "overlays";

/// The largest file, in bytes.
const LARGEST: u64 = 4 << 20;

/// dialect -> file name -> its text.
pub(super) struct Files {
    pub dialects: BTreeMap<String, BTreeMap<&'static str, Source>>,
    pub unreadable: Vec<Diagnostic>,
}

impl Files {
    pub(super) fn embedded() -> Self {
        let mut files = Self { dialects: BTreeMap::new(), unreadable: Vec::new() };
        for folder in EMBEDDED.dirs() {
            let dialect = folder.path().to_string_lossy().into_owned();
            if dialect == OVERLAYS {
                continue;
            }
            for name in NAMES {
                let file = folder.get_file(folder.path().join(name));
                if let Some(text) = file.and_then(include_dir::File::contents_utf8) {
                    files.add(&dialect, name, Source::new(format!("rules/{dialect}/{name}"), text));
                }
            }
        }
        files
    }

    /// Lays the files of a directory of the same form over these: a file there takes the place of
    /// one of the same path here.
    pub(super) fn lay_over(&mut self, directory: &Path) {
        let entries = match std::fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) => return self.refuse(directory, &error.to_string()),
        };
        for entry in entries {
            match entry {
                Ok(entry) if entry.path().is_dir() => self.folder(&entry.path()),
                Ok(_) => {}
                Err(error) => self.refuse(directory, &error.to_string()),
            }
        }
    }

    fn folder(&mut self, folder: &Path) {
        let Some(dialect) = folder.file_name().and_then(|name| name.to_str()) else {
            return self.refuse(folder, "its name is not UTF-8");
        };
        if dialect == OVERLAYS {
            return;
        }
        for name in NAMES {
            let path = folder.join(name);
            if !path.exists() {
                continue;
            }
            match text(&path) {
                Ok(text) => self.add(dialect, name, Source::new(path.to_string_lossy(), text)),
                Err(error) => self.refuse(&path, &error),
            }
        }
    }

    fn add(&mut self, dialect: &str, name: &'static str, source: Source) {
        self.dialects.entry(dialect.to_owned()).or_default().insert(name, source);
    }

    fn refuse(&mut self, path: &Path, why: &str) {
        let message = format!("`{}` cannot be read: {why}", path.display());
        self.unreadable.push(Diagnostic::error(NOT_READABLE, message));
    }
}

/// Whether a directory of the form of `rules/` holds at least one file of a dialect.
#[must_use]
pub fn hold_a_dialect(directory: &Path) -> bool {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut folders = entries.map(|entry| entry.path()).filter(|path| !path.ends_with(OVERLAYS));
    folders.any(|folder| NAMES.iter().any(|name| folder.join(name).is_file()))
}

fn text(path: &Path) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let mut text = String::new();
    file.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    match u64::try_from(text.len()) {
        Ok(length) if length <= LARGEST => Ok(text),
        _ => Err("larger than 4 MiB".to_owned()),
    }
}
