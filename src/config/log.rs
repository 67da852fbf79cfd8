//! What is logged: `[log]`.

use tracing::Level;

use super::reading::{Reading, is_text};
use super::secret::Secret;
use super::surroundings::Surroundings;
use crate::diagnostic::toml::Table;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    pub format: LogFormat,
    pub level: tracing::Level,
    /// Whether every upstream call is told, without values.
    pub wire: bool,
    /// What ids of resources are hashed with; `None`: a random one in each process.
    pub id_salt: Option<Secret>,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: tracing::Level::INFO, wire: false, id_salt: None }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

const FORMATS: &[(&str, LogFormat)] = &[("text", LogFormat::Text), ("json", LogFormat::Json)];

const LEVELS: &[(&str, Level)] = &[
    ("error", Level::ERROR),
    ("warn", Level::WARN),
    ("info", Level::INFO),
    ("debug", Level::DEBUG),
];

pub(super) fn log(table: Table<'_>, around: &Surroundings<'_>) -> Log {
    let default = Log::default();
    let format = table.item("format").and_then(|item| item.word(FORMATS));
    let level = table.item("level").and_then(|item| item.word(LEVELS));
    let wire = table.flag("wire");
    let reading = Reading { around, sandbox: false, cleartext: false };
    let salt = table.item("id_salt").and_then(|item| reading.secret(item, is_text));
    let id_salt = salt.map(|held| held.secret);
    table.close();
    let (format, level) = (format.unwrap_or(default.format), level.unwrap_or(default.level));
    Log { format, level, wire, id_salt }
}
