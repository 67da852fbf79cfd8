//! What a configuration is read in.

use std::path::Path;

/// What stands for a secret that is not needed.
pub(super) const UNSET: &str = "unset";

/// What a configuration is read in: where its relative paths begin, and the environment.
pub struct Surroundings<'a> {
    pub directory: &'a Path,
    pub env: &'a dyn Fn(&str) -> Option<String>,
}
