//! `audit verify`: whether audit files are what was written.

use std::path::PathBuf;
use std::process::ExitCode;

use super::Format;
use super::output::{complain, fail, say};
use crate::ops::audit::verify::{Verified, verify};

/// What can be asked of audit files.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Check that no line between the first and the last was changed, moved or taken out.
    ///
    /// Each line has a number and the SHA-256 of the line before it, over rotations and restarts; give all files
    /// of one gateway, in any order. Prints the numbers, and the hash of the last line: the head. Exits with
    /// 1 where a line is not what was written. What was cut off at the end is not seen without a head that was kept
    /// elsewhere.
    #[command(after_help = super::examples::VERIFY)]
    Verify(Options),
}

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// The audit files.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// A head that was kept elsewhere, such as the one in the log: the line with this hash has to be there.
    #[arg(long, value_name = "HASH")]
    head: Option<String>,
}

pub(super) fn audit(verb: &Verb, format: Format) -> ExitCode {
    let Verb::Verify(Options { files, head }) = verb;
    let verified = match verify(files, head.as_deref()) {
        Ok(verified) => verified,
        Err((file, error)) => {
            return fail(&format!("{} cannot be read: {error}", file.display()));
        }
    };
    match format {
        Format::Json => say(&serde_json::json!(verified).to_string()),
        Format::Text => text(&verified),
    }
    if verified.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn text(verified: &Verified) {
    let Verified { lines, first, head, mistakes, anchored } = verified;
    for mistake in mistakes {
        complain(&format!("{}:{}: {}", mistake.file, mistake.line, mistake.what));
    }
    if *anchored == Some(false) {
        complain(
            "error: no line has the hash that --head names: lines were cut off or written anew",
        );
    }
    let Some(first) = first else {
        say("no lines");
        return;
    };
    say(&format!("{lines} lines, from {first} to {}", head.seq));
    if *first > 1 {
        say(&format!("what was before line {first} is not in these files"));
    }
    say(&format!("head: {} {}", head.seq, head.hash));
    if anchored.is_none() {
        say("a tail that was cut off is not seen without a head that was kept elsewhere (--head)");
    }
}
