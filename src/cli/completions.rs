//! `completions`: what a shell completes, made from the command line itself.

use std::process::ExitCode;

use clap::Command;
use clap_complete::{Shell, generate};

use super::output::say;

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    _plain: super::options::Plain,
    /// The shell that completes.
    #[arg(value_enum)]
    shell: Shell,
}

/// Of the command line.
pub(super) fn completions(options: &Options, command: Command) -> ExitCode {
    say(script(options.shell, command).trim_end());
    ExitCode::SUCCESS
}

/// What the shell reads.
fn script(shell: Shell, mut command: Command) -> String {
    let mut script = Vec::new();
    generate(shell, &mut command, "scim-gateway", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
