//! `completions`: what a shell completes, made from the command line itself.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use super::Arguments;
use super::output::say;

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    _plain: super::Plain,
    /// The shell that completes.
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn completions(options: &Options) -> ExitCode {
    say(script(options.shell).trim_end());
    ExitCode::SUCCESS
}

/// What the shell reads.
fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    generate(shell, &mut Arguments::command(), "scim-gateway", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
