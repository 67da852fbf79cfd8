//! Files that the gateway writes itself.

use std::path::{Path, PathBuf};

use super::named::Named;
use super::value::{named, path};
use crate::diagnostic::toml::Item;

/// A file that the gateway writes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub path: PathBuf,
    /// Where the configuration names it.
    pub at: Named,
}

/// The path of a file that the gateway makes.
pub(super) fn kept(item: Item<'_>, directory: &Path) -> Option<Kept> {
    Some(Kept { path: path(item, directory)?, at: named(item)? })
}
