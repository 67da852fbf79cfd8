//! What operators decided of routes, kept in a file over the process's end: which are paused, and whose
//! breaker on removals holds them back.
//!
//! The file is whole or as it was, since a new one is renamed into its place; it is of mode 0600. One that
//! cannot be understood keeps the process from starting: it may say that removals are held back.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::Metrics;
use crate::exchange::{Decided, Shared};

/// Of the file's form.
const VERSION: u32 = 1;
/// Of the file, in bytes.
const LONGEST: u64 = 4 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    version: u32,
    /// By name; only those of which something was decided.
    routes: BTreeMap<String, Decided>,
}

/// The file of a running gateway.
pub struct State {
    path: PathBuf,
    shared: Arc<Shared>,
    metrics: Arc<Metrics>,
    /// Whose turn it is to write.
    turn: Mutex<()>,
}

impl State {
    /// Takes over what the file says, and writes every later decision into it.
    ///
    /// # Errors
    /// A sentence, where the file cannot be understood or nothing can be written to its place.
    pub fn start(
        path: &Path,
        shared: &Arc<Shared>,
        metrics: &Arc<Metrics>,
    ) -> Result<Arc<Self>, String> {
        let told = |why: &str| {
            format!("{}: {why}; where nothing is to be remembered, move it away", path.display())
        };
        let decided = read(path).map_err(|error| told(&error.to_string()))?;
        shared.safeguards.restore(decided);
        let (shared, metrics) = (Arc::clone(shared), Arc::clone(metrics));
        let state = Self { path: path.to_owned(), shared, metrics, turn: Mutex::default() };
        let state = Arc::new(state);
        state.save().map_err(|error| told(&error.to_string()))?;
        // A breaker trips in the middle of a request, which waits for no disk.
        let (wake, woken) = sync_channel(1);
        let writer = Arc::clone(&state);
        let write = move || {
            while woken.recv().is_ok() {
                let _ = writer.save();
            }
        };
        let thread = std::thread::Builder::new().name("state".to_owned()).spawn(write);
        thread.map_err(|error| told(&error.to_string()))?;
        state.shared.safeguards.tell(move || {
            // One that waits to be heard is enough.
            let _ = wake.try_send(());
        });
        Ok(state)
    }

    /// Writes what is decided now.
    ///
    /// # Errors
    /// Where the file cannot be written: the one before stays.
    pub fn save(&self) -> io::Result<()> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let form = Form { version: VERSION, routes: self.shared.safeguards.decided() };
        let written = serde_json::to_vec(&form)
            .map_err(io::Error::other)
            .and_then(|text| write(&self.path, &text));
        self.metrics.state_written(written.is_ok());
        if let Err(error) = &written {
            tracing::error!("what was decided of routes is not written to its file: {error}");
        }
        written
    }
}

fn read(path: &Path) -> io::Result<BTreeMap<String, Decided>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        file => file?,
    };
    let mut text = Vec::new();
    file.take(LONGEST).read_to_end(&mut text)?;
    let form: Form = serde_json::from_slice(&text)
        .map_err(|_| io::Error::other("this is no state of a gateway, or of a later version"))?;
    if form.version != VERSION {
        return Err(io::Error::other("this is the state of another version"));
    }
    Ok(form.routes)
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(text)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}
