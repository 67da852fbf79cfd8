//! Reload: on SIGHUP, on a change of the files, and on request the configuration is read and compiled
//! again, beside the requests; then it serves, or the one before goes on.
//!
//! One thread does it, so there are never two reloads at once. Its runtime is also where the files and
//! tokens of upstreams are looked after, from the start on and whether or not anybody calls.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::Receiver;

use super::files::Files;
use super::inputs::Inputs;
use super::load::{Loaded, load_over};
use super::upstreams::Upstreams;
use crate::config::{self, Config};
use crate::diagnostic::{Diagnostic, Mistakes};
use crate::exchange::Shared;
use crate::observe::{Event, Observer, Trigger};
use crate::ops::{
    Logging, ReloadOutcome, ReloadRequest, log_warnings, notify_ready, notify_reloading,
};
use crate::serve::{Edge, Live};

/// What serves, and what the next configuration takes over from it.
pub(super) struct Reloader {
    pub path: PathBuf,
    pub config: Config,
    pub upstreams: Upstreams,
    pub shared: Arc<Shared>,
    pub live: Arc<Live>,
    /// The hash of the rules in force.
    pub rules: Arc<ArcSwap<String>>,
    pub observer: Arc<dyn Observer>,
    pub log: Arc<Logging>,
}

impl Reloader {
    /// Reloads for as long as the process lives. From its return on, SIGHUP is a reason to.
    ///
    /// # Errors
    /// Where the thread cannot be started.
    pub(super) fn start(mut self, asks: Receiver<ReloadRequest>) -> io::Result<()> {
        // The worker looks after upstreams' identities, also while a configuration is compiled.
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let hangups = {
            let _inside = runtime.enter();
            self.upstreams.tend();
            signal(SignalKind::hangup())?
        };
        let mut files = Files::new(Arc::clone(&self.observer));
        files.follow(self.inputs(&self.config));
        std::thread::Builder::new()
            .name("reload".to_owned())
            .spawn(move || self.run(&runtime, asks, hangups, files))
            .map(drop)
    }

    fn run(
        mut self,
        runtime: &Runtime,
        mut asks: Receiver<ReloadRequest>,
        mut hangups: Signal,
        mut files: Files,
    ) {
        loop {
            let mut waiting = Vec::new();
            let trigger = runtime.block_on(async {
                tokio::select! {
                    _ = hangups.recv() => Trigger::Signal,
                    () = files.changed() => Trigger::File,
                    Some(ask) = asks.recv() => {
                        waiting.push(ask);
                        Trigger::Request
                    }
                }
            });
            waiting.extend(std::iter::from_fn(|| asks.try_recv().ok()));
            // Before the files are read: what changes from here on is a change.
            files.remember();
            notify_reloading();
            let outcome = self.reload(trigger);
            notify_ready();
            let inside = runtime.enter();
            self.upstreams.tend();
            drop(inside);
            files.follow(self.next_inputs(&outcome));
            waiting.into_iter().for_each(|ask| ask.answer(outcome.clone()));
        }
    }

    fn reload(&mut self, trigger: Trigger) -> ReloadOutcome {
        match self.replace() {
            Ok(rules) => {
                self.observer.happened(&Event::Rules(rules.clone()));
                self.observer.happened(&Event::Reloaded(trigger));
                ReloadOutcome::Applied(rules)
            }
            Err(found) => {
                self.observer.happened(&Event::ReloadRefused(trigger, found.text(false)));
                ReloadOutcome::Refused(found)
            }
        }
    }

    /// Puts what the files say now in the place of what serves; the hash of its rules.
    fn replace(&mut self) -> Result<String, Mistakes> {
        let loaded = load_over(&self.path, &self.upstreams)?;
        let diagnostics = config::restart(&self.config, &loaded.config);
        if !diagnostics.is_empty() {
            return Err(Mistakes { diagnostics, sources: Vec::new() });
        }
        if let (Some(certificates), Some(tls)) =
            (self.live.certificates(), &loaded.config.server.tls)
        {
            certificates.replace(tls).map_err(|why| Mistakes {
                diagnostics: vec![Diagnostic::error(config::UNUSABLE, why)],
                sources: Vec::new(),
            })?;
        }
        let Loaded { config, gateway, doors, rules_hash, upstreams, warnings } = loaded;
        self.log.change(&config.log);
        self.shared.wire.everywhere(config.log.wire);
        log_warnings(&warnings);
        let limits = config.server.limits.clone();
        self.shared.safeguards.know(doors.keys().map(String::as_str));
        let edge = Edge::new(gateway, doors, limits, Arc::clone(&self.shared));
        self.live.replace(edge.before(upstreams.reached()));
        self.rules.store(Arc::new(rules_hash.clone()));
        self.config = config;
        self.upstreams = upstreams;
        Ok(rules_hash)
    }

    /// What to look at for the next change: where the files have a mistake, also what they name anew.
    fn next_inputs(&self, outcome: &ReloadOutcome) -> Inputs {
        let refused = matches!(outcome, ReloadOutcome::Refused(_));
        let named = refused.then(|| Config::inspect(&self.path).ok()?.config).flatten();
        self.inputs(named.as_ref().unwrap_or(&self.config))
    }

    fn inputs(&self, config: &Config) -> Inputs {
        Inputs::of(&self.path, config)
    }
}
