//! What operators decided of routes, kept in a file over the process's end: which are paused, and whose
//! breaker on removals holds them back.
//!
//! The file is whole or as it was, since a new one is renamed into its place; it is of mode 0600. One that
//! cannot be understood keeps the process from starting: it may say that removals are held back. The two processes
//! of an upgrade share it: under its lock each reads what the other has decided before it writes, and looks for it
//! a few times a second.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::decisions::Decisions;
use super::metrics::Metrics;
use crate::exchange::Shared;

/// Of the file's form.
const VERSION: u32 = 1;
/// Of the file, in bytes.
const LONGEST: u64 = 4 << 20;
/// Between two looks whether another process has written.
const LOOK: Duration = Duration::from_millis(250);
/// For the lock.
const PATIENCE: Duration = Duration::from_secs(1);
const AGAIN: Duration = Duration::from_millis(5);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    version: u32,
    routes: Decisions,
}

/// The file of a running gateway.
pub struct StateFile {
    path: PathBuf,
    shared: Arc<Shared>,
    metrics: Arc<Metrics>,
    known: Mutex<Known>,
}

/// What the file said when it was last read or written.
#[derive(Default)]
struct Known {
    decisions: Decisions,
    /// Which file it was; each is another one.
    file: Option<(u64, SystemTime)>,
}

impl StateFile {
    /// Takes over what the file says, writes every later decision into it, and follows what another process writes.
    ///
    /// # Errors
    /// A sentence, where the file cannot be understood or nothing can be written to its place.
    pub fn start(
        path: &Path,
        shared: &Arc<Shared>,
        metrics: &Arc<Metrics>,
    ) -> Result<Arc<Self>, String> {
        let name = path.display();
        let decisions = read(path)
            .map_err(|error| format!("the state {name} ([admin] state) cannot be read: {error}"))?;
        let told = |error: io::Error| {
            format!(
                "the state {name} ([admin] state) cannot be written: {error}; its folder has to be there, and \
                 this process to be allowed to make files in it"
            )
        };
        shared.safeguards.restore(decisions.decided());
        let (shared, metrics) = (Arc::clone(shared), Arc::clone(metrics));
        let known = Mutex::new(Known { decisions, file: None });
        let state = Arc::new(Self { path: path.to_owned(), shared, metrics, known });
        state.save().map_err(told)?;
        // A breaker trips in the middle of a request, which waits for no disk.
        let (wake, woken) = sync_channel(1);
        let follower = Arc::clone(&state);
        let follow = move || {
            loop {
                match woken.recv_timeout(LOOK) {
                    Ok(()) => drop(follower.save()),
                    Err(RecvTimeoutError::Timeout) => follower.look(),
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        };
        let thread = std::thread::Builder::new().name("state".to_owned()).spawn(follow);
        thread.map_err(told)?;
        state.shared.safeguards.tell(move || {
            // One that waits to be heard is enough.
            let _ = wake.try_send(());
        });
        Ok(state)
    }

    /// Writes what is decided now, and takes over what another process has decided since.
    ///
    /// # Errors
    /// Where the file cannot be written: the one before stays.
    pub fn save(&self) -> io::Result<()> {
        let written = self.merge(&mut self.known());
        if !matches!(written, Ok(false)) {
            self.metrics.state_written(written.is_ok());
        }
        if let Err(error) = &written {
            tracing::error!("what was decided of routes is not written to its file: {error}");
        }
        written.map(drop)
    }

    /// Takes over what another process has decided, where the file is not the one that was seen last.
    pub fn look(&self) {
        let mut known = self.known();
        let now = file(&self.path);
        if now.is_none() || now == known.file {
            return;
        }
        // Whatever becomes of it, it is not looked at twice.
        known.file = now;
        drop(known);
        let _ = self.save();
    }

    /// Whether something had to be written.
    fn merge(&self, known: &mut Known) -> io::Result<bool> {
        let _alone = alone(&self.path)?;
        // One that cannot be understood was whole when this process began, and what it said is known.
        let theirs = read(&self.path).unwrap_or_else(|error| {
            tracing::error!("the file of what was decided of routes is written anew: {error}");
            Decisions::default()
        });
        let own = self.shared.safeguards.decided();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        let merged = theirs.merged(&known.decisions, &own, now);
        let differs = known.file.is_none() || merged != theirs;
        if differs {
            let form = Form { version: VERSION, routes: merged.clone() };
            write(&self.path, &serde_json::to_vec(&form).map_err(io::Error::other)?)?;
        }
        for (route, from) in own {
            self.shared.safeguards.adopt(&route, from, merged.of(&route));
        }
        *known = Known { decisions: merged, file: file(&self.path) };
        Ok(differs)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which file is there: each write makes another one.
fn file(path: &Path) -> Option<(u64, SystemTime)> {
    let data = std::fs::metadata(path).ok()?;
    Some((data.ino(), data.modified().ok()?))
}

/// Keeps every other process from reading and writing until it is dropped.
fn alone(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let lock = options.open(beside(path, ".lock"))?;
    let until = Instant::now() + PATIENCE;
    loop {
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) if Instant::now() < until => sleep(AGAIN),
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::other("another process holds its lock"));
            }
            // Of a file system without locks: there is one process, as everywhere but in an upgrade.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                return Ok(lock);
            }
            Err(TryLockError::Error(error)) => return Err(error),
            Ok(()) => return Ok(lock),
        }
    }
}

fn beside(path: &Path, ending: &str) -> OsString {
    let mut beside = path.as_os_str().to_owned();
    beside.push(ending);
    beside
}

/// Whether what stands there can be taken over.
///
/// # Errors
/// Why not; of the kind `Other` where it can be read, and is no state of this version.
pub fn look_at_state(path: &Path) -> io::Result<()> {
    read(path).map(drop)
}

fn read(path: &Path) -> io::Result<Decisions> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Decisions::default()),
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
    let beside = beside(path, ".new");
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(text)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}
