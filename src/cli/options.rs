//! The options that verbs share.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

/// The verbs' common argument.
#[derive(Debug, clap::Args)]
pub(super) struct Configured {
    /// The configuration file.
    #[arg(
        long,
        short,
        value_name = "FILE",
        default_value = "config.toml",
        env = "SCIM_GATEWAY_CONFIG",
        hide_env_values = true
    )]
    pub config: PathBuf,
}

/// The argument of a verb that is about the configuration itself.
#[derive(Debug, clap::Args)]
pub(super) struct Named {
    /// The configuration file; goes before --config. `check` reads standard input for `-`.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    configured: Configured,
}

impl Named {
    pub fn path(&self) -> &Path {
        self.file.as_deref().unwrap_or(&self.configured.config)
    }
}

/// Of a verb with one form of output: it takes `--format` as all do, and has no use for it.
#[derive(Debug, clap::Args)]
pub(super) struct Plain {
    #[arg(long, hide = true, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}
