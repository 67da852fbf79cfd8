//! `audit verify`: whether audit files are what was written.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::Value;

use super::options::Format;
use super::output::{complain, failed, outcome, say};
use crate::ops::audit::{Verified, verify};

/// What can be asked of audit files.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Verb {
    /// Check that no line between the first and the last was changed, moved or taken out.
    ///
    /// Each line has a number and the SHA-256 of the line before it, over rotations and restarts; give all files
    /// of one gateway, in any order, unpacked. The head beside them (audit.jsonl.head), where it is given too,
    /// says how far the lines have to go. Lines without a number at the beginning, of version 0.1.0, are counted
    /// and not checked. Prints the numbers, and the hash of the last line: the head. Exits with
    /// 1 where a line is not what was written, and where there is none. What was cut off at the end together with
    /// the head beside is not seen without a head that was kept elsewhere. With --format json one object: `outcome`
    /// (passed or failed), `error`, and what was found.
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
            return failed(&format!("{} cannot be read: {error}", file.display()), format);
        }
    };
    match format {
        Format::Json => say(&json(&verified).to_string()),
        Format::Text => text(&verified),
    }
    if verified.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One form, whatever was found: `outcome` and `error` as of every failure, and all that is known of the lines.
fn json(verified: &Verified) -> Value {
    let mut told = outcome(verified.why());
    if let (Value::Object(told), Value::Object(found)) = (&mut told, serde_json::json!(verified)) {
        told.extend(found);
    }
    told
}

fn text(verified: &Verified) {
    let Verified { lines, unchained, first, head, mistakes, anchored, .. } = verified;
    for mistake in mistakes {
        complain(&format!("{}:{}: {}", mistake.file, mistake.line, mistake.what));
    }
    // Each mistake is told already.
    if let Some(why) = verified.why().filter(|_| mistakes.is_empty() || *anchored == Some(false)) {
        complain(&format!("error: {why}"));
    }
    if let Some((first, head)) = first.zip(head.as_ref()) {
        say(&format!("{lines} lines, from {first} to {}", head.seq));
        if first > 1 {
            say(&format!("what was before line {first} is not in these files"));
        }
    }
    match unchained {
        0 => {}
        1 => say("1 line of before the chain is not checked"),
        _ => say(&format!("{unchained} lines of before the chain are not checked")),
    }
    let Some(head) = head else { return };
    say(&format!("head: {} {}", head.seq, head.hash));
    if anchored.is_none() {
        say("a tail that was cut off is not seen without a head that was kept elsewhere (--head)");
    }
}
