//! What a service manager is told (sd_notify(3)): that the process serves, reads its configuration
//! again, ends, and that it is alive. Where there is none (`$NOTIFY_SOCKET`), nobody is told.

use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;

use crate::serve::Life;

/// Requests are welcome: from now on this is the service's main process, also where it took the
/// sockets of the one before.
pub fn notify_ready() {
    tell(&[NotifyState::MainPid(std::process::id()), NotifyState::Ready]);
}

/// The configuration is read again; [`notify_ready`] follows, whatever comes of it.
pub fn notify_reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// No more requests are taken.
pub fn notify_stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Says that the process is alive, as often as is asked for (`WatchdogSec`) and as long as the runtime
/// that serves requests is.
pub fn notify_alive(life: &Arc<Life>) {
    let Some(every) = sd_notify::watchdog_enabled().map(|longest| longest / 3) else { return };
    let life = Arc::clone(life);
    let watching = move || {
        let mut seen = life.beats();
        loop {
            std::thread::sleep(every.max(Duration::from_millis(10)));
            let beats = life.beats();
            if beats != seen {
                tell(&[NotifyState::Watchdog]);
            }
            seen = beats;
        }
    };
    if let Err(error) = std::thread::Builder::new().name("watchdog".to_owned()).spawn(watching) {
        tracing::error!("no sign of life for the service manager: {error}");
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!("the service manager cannot be told: {}", error.kind());
    }
}
