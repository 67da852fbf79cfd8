//! The files of a configuration: what it is read from, and where its changes are seen.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::config::Config;

/// Links that are followed from one file.
const LINKS: usize = 64;

/// What a configuration is read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Inputs {
    /// The configuration itself, and overlays.
    files: BTreeSet<PathBuf>,
    /// The operator's own rules: a folder with a folder for each dialect.
    rules: Option<PathBuf>,
    pub watch: bool,
}

impl Inputs {
    pub fn of(path: &Path, config: &Config) -> Self {
        let directory = path.parent().unwrap_or(Path::new(""));
        let overlays = config.routes.iter().flat_map(|route| &route.overlays);
        let mut files: BTreeSet<_> = overlays.map(|o| directory.join(&*o.name)).collect();
        files.insert(path.to_owned());
        Self { files, rules: config.rules.clone(), watch: config.server.running.watch }
    }

    /// A hash of all that is read.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let rules = self.rules.iter().flat_map(|rules| inner(rules)).flat_map(|at| inner(&at));
        for file in self.files.iter().cloned().chain(rules) {
            // What cannot be read is a state, too.
            let text = std::fs::read(&file).unwrap_or_default();
            hash.update(file.as_os_str().as_encoded_bytes());
            hash.update(text.len().to_be_bytes());
            hash.update(&text);
        }
        hash.finalize().into()
    }

    /// Where changes of the inputs are seen: their folders, also those of links on the way to them.
    pub fn folders(&self) -> BTreeSet<PathBuf> {
        let own = self.files.iter().chain(&self.rules).filter_map(|file| file.parent());
        let linked = self.linked();
        let linked = linked.iter().filter_map(|at| at.parent()).filter(|at| at.is_dir());
        own.chain(linked).map(real).chain(self.dialects()).collect()
    }

    /// The folder of the operator's rules and those in it.
    fn dialects(&self) -> BTreeSet<PathBuf> {
        let inner = self.rules.iter().flat_map(|rules| inner(rules)).filter(|at| at.is_dir());
        self.rules.iter().cloned().chain(inner).map(|at| real(&at)).collect()
    }

    /// The inputs, the links on the way to them, and what these stand for.
    fn linked(&self) -> BTreeSet<PathBuf> {
        self.files.iter().chain(&self.rules).flat_map(|file| links(file)).collect()
    }

    /// Which events may be about the inputs.
    pub fn meant(&self) -> Meant {
        let linked = self.linked();
        let names = linked.iter().filter_map(|at| at.file_name()).map(OsString::from).collect();
        Meant { names, dialects: self.dialects() }
    }
}

/// What in the watched folders belongs to the inputs; other files there, such as the audit's, change
/// all the time.
#[derive(Debug, Default)]
pub(super) struct Meant {
    /// Of the files, and of the links on the way to them.
    names: BTreeSet<OsString>,
    /// Whatever is in one of these folders.
    dialects: BTreeSet<PathBuf>,
}

impl Meant {
    pub fn is(&self, path: &Path) -> bool {
        let named = path.file_name().is_none_or(|name| self.names.contains(name));
        named || path.parent().is_some_and(|folder| self.dialects.contains(folder))
    }
}

/// A path, each link on the way to what it stands for, and that.
fn links(path: &Path) -> Vec<PathBuf> {
    let mut found = vec![path.to_owned()];
    let mut next = 0;
    while let Some(path) = found.get(next).cloned() {
        next += 1;
        for part in path.ancestors() {
            let Ok(to) = std::fs::read_link(part) else { continue };
            let rest = path.strip_prefix(part).unwrap_or(Path::new(""));
            let mut target = part.parent().unwrap_or(Path::new("")).join(to);
            // Nothing to add would add a slash.
            if !rest.as_os_str().is_empty() {
                target.push(rest);
            }
            // Links may lead in a circle.
            for at in [part.to_owned(), target] {
                if found.len() < LINKS && !found.contains(&at) {
                    found.push(at);
                }
            }
        }
    }
    found
}

/// What is in a folder, sorted; nothing where there is none.
fn inner(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut found: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    found.sort();
    found
}

/// A folder by the one name that it has whatever leads to it: events are told by the name that is watched,
/// and of two names of one folder by either. One that is not there is told of where it is watched.
fn real(folder: &Path) -> PathBuf {
    // The folder of a file that is named alone is this one.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    // An audit file in the configuration's folder woke the reloader with every line.
    #[test]
    fn only_inputs_and_links_to_them_are_meant() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("..1")).unwrap();
        std::fs::write(at("..1/config.toml"), "").unwrap();
        symlink("..1", at("..data")).unwrap();
        symlink("..data/config.toml", at("config.toml")).unwrap();
        std::fs::create_dir_all(at("rules/acme")).unwrap();
        symlink(at("circle"), at("circle")).unwrap();
        let files = [at("config.toml"), at("circle")].into();
        let inputs = Inputs { files, rules: Some(at("rules")), watch: true };
        let meant = inputs.meant();
        for name in
            ["config.toml", "..data", "rules", "rules/acme", "rules/acme/user.toml", "rules/new"]
        {
            assert!(meant.is(&real(folder.path()).join(name)), "{name}");
        }
        for name in ["audit.jsonl", "audit.jsonl.1", ".new", "log", "config.toml~"] {
            assert!(!meant.is(&at(name)), "{name}");
        }
    }
}
