//! The record of writes: one JSON line for each that a client asked for, done or not.
//!
//! Lines are written by one thread. A request never waits for the disk: a line that does not fit into
//! the queue, or that the file does not take, is lost, counted and told in the log.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;

use super::Metrics;
use super::ids::Ids;
use crate::config::model;
use crate::exchange::record::Write;
use crate::proxy::Seen;

/// Bytes that are written at once, about.
const BATCH: usize = 64 << 10;
/// How long the end of the process waits for the lines that are under way.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often the log says that lines are lost.
const AGAIN: Duration = Duration::from_secs(60);

/// The queue to the file.
pub(super) struct Audit {
    queue: SyncSender<Message>,
    metrics: Arc<Metrics>,
}

enum Message {
    Line(Vec<u8>),
    /// Answered once everything before it is written.
    Flush(SyncSender<()>),
}

/// What a line says. No value of any attribute; the id as its keyed hash.
#[derive(Serialize)]
struct Line<'a> {
    time: Timestamp,
    request_id: &'a str,
    trace_id: String,
    /// The name of the credential.
    who: Option<&'a str>,
    route: Option<&'a str>,
    upstream: Option<&'a str>,
    operation: &'a str,
    resource: &'a str,
    id: Option<String>,
    outcome: &'a str,
    status: u16,
    side: Option<&'a str>,
    cause: Option<&'a str>,
    places: &'a [String],
}

impl Audit {
    /// # Errors
    /// A sentence, where the file cannot be opened or the thread cannot be started.
    pub fn start(audit: &model::Audit, metrics: Arc<Metrics>) -> Result<Self, String> {
        let unusable = |error: io::Error| format!("audit file {}: {error}", audit.file.display());
        let mut target = Target { path: audit.file.clone(), open: None };
        target.follow().map_err(unusable)?;
        let (queue, lines) = sync_channel(audit.queue);
        let counted = Arc::clone(&metrics);
        let work = move || write(target, &lines, &counted);
        std::thread::Builder::new().name("audit".to_owned()).spawn(work).map_err(unusable)?;
        Ok(Self { queue, metrics })
    }

    /// Queues a line for each write of an exchange.
    pub fn record(&self, seen: &Seen<'_>, ids: &Ids) {
        for write in &seen.record.writes {
            let mut text = serde_json::to_vec(&line(seen, write, ids)).unwrap_or_default();
            text.push(b'\n');
            match self.queue.try_send(Message::Line(text)) {
                Ok(()) => {}
                Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                    self.metrics.audit_lost("queue", 1);
                }
            }
        }
    }

    /// Waits until what is queued is written, but not for ever.
    pub fn finish(&self) {
        let (done, written) = sync_channel(1);
        // A queue that is full is being written: there is room soon.
        let until = Instant::now() + PATIENCE;
        let mut message = Message::Flush(done);
        while let Err(TrySendError::Full(back)) = self.queue.try_send(message) {
            if Instant::now() > until {
                return;
            }
            message = back;
            std::thread::yield_now();
        }
        let _ = written.recv_timeout(PATIENCE);
    }
}

fn line<'a>(seen: &Seen<'a>, write: &'a Write, ids: &Ids) -> Line<'a> {
    Line {
        time: Timestamp::now(),
        request_id: seen.request_id,
        trace_id: hex::encode(seen.trace.id),
        who: seen.credential,
        route: seen.route,
        upstream: seen.upstream,
        operation: write.operation.name(),
        resource: write.resource,
        id: write.subject.as_ref().map(|subject| ids.hash(subject)),
        outcome: if write.cause.is_none() { "done" } else { "failed" },
        status: write.status,
        side: write.cause.map(|cause| cause.side().label()),
        cause: write.cause.map(|cause| cause.label()),
        places: &write.places,
    }
}

/// Writes what is queued, as much at once as there is.
fn write(mut target: Target, lines: &Receiver<Message>, metrics: &Metrics) {
    let mut told: Option<Instant> = None;
    while let Ok(first) = lines.recv() {
        let (mut batch, mut count, mut waiting) = (Vec::new(), 0, Vec::new());
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Line(line) => {
                    batch.extend(line);
                    count += 1;
                }
                Message::Flush(done) => waiting.push(done),
            }
            next = if batch.len() < BATCH { lines.try_recv().ok() } else { None };
        }
        match target.append(&batch) {
            Ok(()) => metrics.audited(count),
            Err(error) => {
                metrics.audit_lost("file", count);
                if told.is_none_or(|told| told.elapsed() > AGAIN) {
                    told = Some(Instant::now());
                    tracing::error!(reason = %error.kind(), "audit lines are lost: the file takes none");
                }
            }
        }
        for done in waiting {
            // Whoever waited may have given up.
            let _ = done.try_send(());
        }
    }
}

/// The file at the path, whichever that is by now.
struct Target {
    path: PathBuf,
    open: Option<File>,
}

impl Target {
    /// Appends whole lines, or none of them.
    fn append(&mut self, batch: &[u8]) -> io::Result<()> {
        let file = self.follow()?;
        let before = file.metadata()?.len();
        let written = file.write_all(batch);
        if written.is_err() {
            // Half a line would spoil the next one. Where that fails, too, a reader finds one bad line.
            let _ = file.set_len(before);
        }
        written
    }

    /// The file; opened anew where another stands at the path, or none: it was renamed or removed.
    fn follow(&mut self) -> io::Result<&mut File> {
        let same = match (&self.open, std::fs::metadata(&self.path)) {
            (Some(file), Ok(there)) => {
                let own = file.metadata()?;
                (own.dev(), own.ino()) == (there.dev(), there.ino())
            }
            _ => false,
        };
        if !same {
            self.open = None;
        }
        match &mut self.open {
            Some(file) => Ok(file),
            none => Ok(none.insert(open(&self.path)?)),
        }
    }
}

/// Readable by the owner and their group alone.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o640).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;
    use crate::exchange::{Record, Subject, Trace};
    use crate::fault::Cause;
    use crate::scim::schema::Operation;

    fn ids() -> Ids {
        Ids::new(Some(&Secret::new("salt")))
    }

    fn tell(audit: &Audit, cause: Option<Cause>) {
        let write = Write {
            resource: "User",
            operation: Operation::Patch,
            subject: Some(Subject::new("private-id")),
            status: cause.map_or(200, |cause| cause.status().as_u16()),
            cause,
            places: vec!["displayName".into()],
        };
        let record = Record { writes: vec![write], ..Record::default() };
        let seen = Seen {
            refused: None,
            request_id: "request-1",
            route: Some("/a"),
            upstream: Some("up"),
            credential: Some("tester"),
            translated: true,
            status: None,
            duration: Duration::ZERO,
            trace: &Trace::of(&http::HeaderMap::new(), |_| false),
            record: &record,
        };
        audit.record(&seen, &ids());
    }

    fn start(file: PathBuf) -> (Audit, Arc<Metrics>) {
        let metrics = Arc::new(Metrics::new().unwrap());
        let audit = Audit::start(&model::Audit { file, queue: 16 }, Arc::clone(&metrics)).unwrap();
        (audit, metrics)
    }

    #[test]
    fn a_line_says_who_did_what_to_which_and_how_it_ended() {
        let folder = tempfile::tempdir().unwrap();
        let (audit, metrics) = start(folder.path().join("audit.jsonl"));
        tell(&audit, None);
        tell(&audit, Some(Cause::UpstreamTimeout));
        audit.finish();
        let text = std::fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [done, failed] = lines.as_slice() else { panic!("{text}") };
        assert_eq!((&done["who"], &done["route"]), (&"tester".into(), &"/a".into()));
        assert_eq!((&done["operation"], &done["outcome"]), (&"patch".into(), &"done".into()));
        assert_eq!(done["places"], serde_json::json!(["displayName"]));
        assert_eq!(done["id"], ids().hash(&Subject::new("private-id")));
        assert_eq!((&failed["outcome"], &failed["status"]), (&"failed".into(), &504.into()));
        assert_eq!(
            (&failed["cause"], &failed["side"]),
            (&"upstream_timeout".into(), &"upstream".into())
        );
        assert!(!text.contains("private-id"), "{text}");
        assert!(metrics.text().contains("scim_gateway_audit_lines_total 2"));
    }

    #[test]
    fn a_file_that_was_renamed_is_opened_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (file, old) = (folder.path().join("audit.jsonl"), folder.path().join("audit.1"));
        let (audit, _) = start(file.clone());
        tell(&audit, None);
        audit.finish();
        std::fs::rename(&file, &old).unwrap();
        tell(&audit, None);
        audit.finish();
        for file in [file, old] {
            assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 1, "{file:?}");
        }
    }

    #[test]
    fn a_full_disk_loses_lines_counts_them_and_is_no_end() {
        let full = Path::new("/dev/full");
        if !full.exists() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("audit.jsonl");
        std::os::unix::fs::symlink(full, &file).unwrap();
        let (audit, metrics) = start(file.clone());
        tell(&audit, None);
        audit.finish();
        assert!(metrics.text().contains("scim_gateway_audit_lost_total{reason=\"file\"} 1"));
        std::fs::remove_file(&file).unwrap();
        tell(&audit, None);
        audit.finish();
        assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 1);
    }

    #[test]
    fn a_full_queue_loses_lines_and_nobody_waits() {
        let metrics = Arc::new(Metrics::new().unwrap());
        let (queue, _nobody_reads) = sync_channel(1);
        let audit = Audit { queue, metrics: Arc::clone(&metrics) };
        (0..3).for_each(|_| tell(&audit, None));
        assert!(metrics.text().contains("scim_gateway_audit_lost_total{reason=\"queue\"} 2"));
    }

    #[test]
    fn a_file_that_cannot_be_opened_is_told_at_the_start() {
        let audit = model::Audit { file: "/nowhere/audit.jsonl".into(), queue: 16 };
        let why = Audit::start(&audit, Arc::new(Metrics::new().unwrap())).err().unwrap();
        assert!(why.contains("/nowhere/audit.jsonl"), "{why}");
    }
}
