//! Reading a configuration: from a file, again while it serves, or from a text.

use std::path::Path;

use super::draft::{Draft, unread};
use super::file::draft;
use super::model::Config;
use super::surroundings::{Surroundings, UNSET};
use crate::diagnostic::{Mistakes, Source};

/// What to do where a configuration is not there: when it is asked for, when it was read before, and where
/// standard input is meant.
const ELSEWHERE: &str = "give its path with --config";
const BACK: &str = "put it back; until then the configuration before serves";
const STANDARD_INPUT: &str = "only `check` reads standard input: give the name of a file";

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
        let text = std::fs::read_to_string(path).map_err(|error| unread(path, &error, missing))?;
        let directory = path.parent().unwrap_or(Path::new(""));
        Ok(draft(&Source::new(name, text), &Surroundings { directory, env }))
    }

    /// Reads a configuration's text, as far as it can be read.
    pub fn drafted(source: &Source, around: &Surroundings<'_>) -> Draft {
        draft(source, around)
    }

    /// Reads a configuration's text.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn read(source: &Source, around: &Surroundings<'_>) -> Result<Self, Mistakes> {
        Self::drafted(source, around).finish()
    }
}
