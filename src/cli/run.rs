//! `run`: serves every route of a configuration.

use std::process::ExitCode;

use super::invitation::invitations;
use super::options::{Format, Named};
use super::output::{failed, mistakes, outcome, say};
use crate::app::{Announce, Unprepared, prepare};

/// What `run` can be told beside the configuration.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    named: Named,
    /// Take the listening sockets of the process that serves, once it gets SIGQUIT; it ends then.
    #[arg(long)]
    upgrade: bool,
}

pub(super) fn run(options: &Options, format: Format) -> ExitCode {
    let prepared = match prepare(options.named.path()) {
        Ok(prepared) => prepared,
        Err(Unprepared::Mistakes(found)) => {
            mistakes(&found, format);
            return ExitCode::FAILURE;
        }
        Err(Unprepared::Other(why)) => return failed(&why, format),
    };
    let lines = invitations(prepared.config(), prepared.gateway());
    let announce = Announce {
        admin: Box::new(|bound| {
            say(&format!(
                "# admin: http://{bound}/healthz /readyz /version /metrics /reload /routes"
            ));
        }),
        welcome: Box::new(move || lines.iter().for_each(|line| say(line))),
    };
    let stopped = prepared.serve(options.upgrade, announce);
    // The log is on standard error.
    if let (Err(why), Format::Json) = (&stopped, format) {
        say(&outcome(Some(why)).to_string());
    }
    if stopped.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
