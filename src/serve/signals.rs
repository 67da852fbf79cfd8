//! What ends this process: SIGTERM and SIGINT, and SIGQUIT where a new process waits to take over.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use async_trait::async_trait;
use pingora::server::{ShutdownSignal, ShutdownSignalWatch, UnixShutdownSignalWatch};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep};

use super::life::{Life, Stage};
use crate::observe::{Event, Observer};

/// How long SIGQUIT waits for a new process.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks whether there is one.
const LOOK: Duration = Duration::from_millis(50);

pub(super) struct Signals {
    pub life: Arc<Life>,
    pub observer: Arc<dyn Observer>,
    /// How long connections are still taken after SIGTERM.
    pub linger: Duration,
    /// Where a new process waits for the listening sockets.
    pub upgrade_socket: Option<PathBuf>,
    /// Told once signals are heard: one that comes before ends the process at once.
    pub heard: SyncSender<()>,
}

#[async_trait]
impl ShutdownSignalWatch for Signals {
    async fn recv(&self) -> ShutdownSignal {
        let all = [SignalKind::quit(), SignalKind::terminate(), SignalKind::interrupt()];
        let all = all.map(signal);
        let _ = self.heard.try_send(());
        let [Ok(mut quit), Ok(mut terminate), Ok(mut interrupt)] = all else {
            return UnixShutdownSignalWatch.recv().await;
        };
        loop {
            tokio::select! {
                _ = quit.recv() => {
                    // Pingora ends also where its sockets found no taker: it is told only where
                    // there is one.
                    if self.successor().await {
                        return ShutdownSignal::GracefulUpgrade;
                    }
                    self.observer.happened(&Event::NoSuccessor);
                }
                _ = terminate.recv() => break,
                _ = interrupt.recv() => return ShutdownSignal::FastShutdown,
            }
        }
        if self.life.enter(Stage::Ending) {
            self.observer.happened(&Event::Ready(false));
        }
        tokio::select! {
            () = sleep(self.linger) => ShutdownSignal::GracefulTerminate,
            _ = terminate.recv() => ShutdownSignal::GracefulTerminate,
            _ = interrupt.recv() => ShutdownSignal::FastShutdown,
        }
    }
}

impl Signals {
    /// Whether a process listens at the upgrade socket. The system is asked: a connection would be
    /// taken for the hand-over itself, and the file alone may be left over.
    async fn successor(&self) -> bool {
        let Some(path) = self.upgrade_socket.as_ref().and_then(|path| path.to_str()) else {
            return false;
        };
        let until = Instant::now() + PATIENCE;
        loop {
            let sockets = tokio::fs::read_to_string("/proc/net/unix").await.unwrap_or_default();
            if sockets.lines().any(|line| listens(line, path)) {
                return true;
            }
            if Instant::now() >= until {
                return false;
            }
            sleep(LOOK).await;
        }
    }
}

/// Whether a line of /proc/net/unix (`Num RefCount Protocol Flags Type St Inode Path`) is a listening
/// socket of that path.
fn listens(line: &str, path: &str) -> bool {
    /// `__SO_ACCEPTCON` of Linux.
    const ACCEPTS: &str = "00010000";
    let flags = line.split_ascii_whitespace().nth(3);
    flags == Some(ACCEPTS) && line.strip_suffix(path).is_some_and(|rest| rest.ends_with(' '))
}

#[cfg(test)]
mod tests {
    use super::super::signals::listens;

    #[test]
    fn only_a_listening_socket_of_the_path_counts() {
        let line = "0000000000000000: 00000002 00000000 00010000 0001 01 20512 /run/a/upgrade.sock";
        assert!(listens(line, "/run/a/upgrade.sock"));
        assert!(!listens(line, "/a/upgrade.sock"));
        assert!(!listens(&line.replace("00010000", "00000000"), "/run/a/upgrade.sock"));
        assert!(!listens("", "/run/a/upgrade.sock"));
    }
}
