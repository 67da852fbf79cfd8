//! The files that the gateway keeps itself: whether it will be able to, told before it starts.

use std::ffi::OsString;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use crate::config::{Config, KEPT, Kept};
use crate::diagnostic::Diagnostic;
use crate::ops::look_at_state;

/// Of an audit file, what stands beside it.
const OF_AUDIT: [&str; 2] = ["", ".head"];
/// Of the file of what was decided.
const OF_STATE: [&str; 3] = ["", ".lock", ".new"];

/// What keeps the files from being written, and what was written before from being understood. Makes none.
pub(super) fn kept(config: &Config) -> Vec<Diagnostic> {
    let audit = config.audit.as_ref().map(|audit| &audit.file);
    let state = config.admin.as_ref().and_then(|admin| admin.state.as_ref());
    let audit = audit.and_then(|file| place(file, &OF_AUDIT));
    let state = state.and_then(|file| place(file, &OF_STATE).or_else(|| understood(file)));
    audit.into_iter().chain(state).collect()
}

/// What is wrong with the place of a file and those beside it.
fn place(kept: &Kept, beside: &[&str]) -> Option<Diagnostic> {
    beside.iter().find_map(|ending| {
        let mut path = OsString::from(&kept.path);
        path.push(ending);
        let path = PathBuf::from(path);
        let (why, hint) = unusable(&path)?;
        Some(mistake(kept, &format!("{} cannot be written: {why}", path.display()), &hint))
    })
}

/// Why a file cannot be written, and what to do.
fn unusable(path: &Path) -> Option<(String, String)> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    if !folder.is_dir() {
        let folder = folder.display();
        let hint = format!("make the folder {folder}, and let the gateway's user write to it");
        return Some((format!("there is no folder {folder}"), hint));
    }
    let there = std::fs::metadata(path).ok()?;
    if there.is_dir() {
        let hint = "write the path of a file; it is made where there is none".to_owned();
        return Some(("it is a directory".to_owned(), hint));
    }
    // What is no file, such as a pipe, may wait for somebody.
    let opened = || std::fs::OpenOptions::new().append(true).open(path).err();
    let error = there.is_file().then(opened).flatten()?;
    Some((error.to_string(), "let the gateway's user write to it".to_owned()))
}

/// What keeps the gateway from taking over what was decided before.
fn understood(kept: &Kept) -> Option<Diagnostic> {
    let error: Error = look_at_state(&kept.path).err()?;
    let hint = if error.kind() == ErrorKind::Other {
        "it says which routes are paused and whose removals are held back: put back a copy of it; where nothing \
         is to be remembered, move it away"
    } else {
        "let the gateway's user read it"
    };
    Some(mistake(kept, &format!("{} cannot be read: {error}", kept.path.display()), hint))
}

fn mistake(kept: &Kept, message: &str, hint: &str) -> Diagnostic {
    let Kept { at, .. } = kept;
    Diagnostic::error(KEPT, message).at(&at.file, at.span.clone(), "not usable").with_hint(hint)
}
