//! Noticing that a file of the configuration has changed.
//!
//! The system tells of folders in which something happened; whether it matters is decided by what
//! the files hold. So an editor that renames a new file into place and a folder that is swapped by a
//! symbolic link are changes, and a file touched or read is none.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Instant, timeout};

use super::inputs::{Inputs, Meant};
use crate::observe::{Event, Observer};

/// After the last of several changes.
const QUIET: Duration = Duration::from_millis(100);
/// For changes that do not end.
const PATIENCE: Duration = Duration::from_secs(2);

/// Notices changes of the inputs.
pub(super) struct Files {
    inputs: Inputs,
    folders: BTreeSet<PathBuf>,
    /// Of the inputs as they were seen last.
    meant: Arc<ArcSwap<Meant>>,
    /// Of what the inputs held last.
    seen: [u8; 32],
    /// Watches as long as it is there.
    watcher: Option<RecommendedWatcher>,
    woken: Receiver<()>,
    wake: Sender<()>,
    observer: Arc<dyn Observer>,
}

impl Files {
    pub(super) fn new(observer: Arc<dyn Observer>) -> Self {
        let (wake, woken) = channel(1);
        let inputs = Inputs::default();
        Self {
            seen: inputs.digest(),
            inputs,
            folders: BTreeSet::new(),
            meant: Arc::default(),
            watcher: None,
            woken,
            wake,
            observer,
        }
    }

    /// Looks at these inputs from now on; what they hold now is no change.
    pub(super) fn follow(&mut self, inputs: Inputs) {
        let same = inputs == self.inputs;
        self.inputs = inputs;
        self.watch();
        if !same {
            self.remember();
        }
    }

    /// What the inputs hold now is no change.
    pub(super) fn remember(&mut self) {
        self.seen = self.inputs.digest();
    }

    /// Waits until the inputs hold something else.
    pub(super) async fn changed(&mut self) {
        loop {
            // There is a sender as long as this.
            let _ = self.woken.recv().await;
            let begin = Instant::now();
            while begin.elapsed() < PATIENCE && timeout(QUIET, self.woken.recv()).await.is_ok() {}
            self.watch();
            let now = self.inputs.digest();
            if now != self.seen {
                self.seen = now;
                return;
            }
        }
    }

    /// Watches the inputs' folders, where they are not those watched.
    fn watch(&mut self) {
        self.meant.store(Arc::new(self.inputs.meant()));
        let folders = if self.inputs.watch { self.inputs.folders() } else { BTreeSet::new() };
        if folders == self.folders {
            return;
        }
        let (wake, meant) = (self.wake.clone(), Arc::clone(&self.meant));
        let woken = move |event: notify::Result<notify::Event>| {
            let meant = meant.load();
            let concerns = |event: notify::Event| {
                let paths = &event.paths;
                let about = paths.is_empty() || paths.iter().any(|path| meant.is(path));
                event.need_rescan() || (is_change(event.kind) && about)
            };
            if event.map_or(true, concerns) {
                // A full channel wakes, too.
                let _ = wake.try_send(());
            }
        };
        let watcher = notify::recommended_watcher(woken).and_then(|mut watcher| {
            for folder in &folders {
                watcher.watch(folder, RecursiveMode::NonRecursive)?;
            }
            Ok(watcher)
        });
        // The old one goes when the new one watches.
        match watcher {
            Ok(watcher) => (self.watcher, self.folders) = (Some(watcher), folders),
            Err(error) => self.observer.happened(&Event::Unwatched(error.to_string())),
        }
    }
}

/// Reading is no change; this program reads.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    }
}
