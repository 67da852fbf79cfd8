//! The record of writes, without a server around it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::verify::{Verified, verify};
use super::*;
use crate::config::Secret;
use crate::exchange::{Record, ResourceId, Trace, WriteRecord};
use crate::fault::{Cause, Fault};
use crate::observe::{AuthRefusal, Principal};
use crate::scim::schema::Operation;

fn ids() -> Ids {
    Ids::new(Some(&Secret::new("salt")))
}

fn write(cause: Option<Cause>) -> Record {
    let write = WriteRecord {
        resource: "User",
        operation: Operation::Patch,
        subject: Some(ResourceId::new("private-id")),
        status: cause.map_or(200, |cause| cause.status().as_u16()),
        cause,
        places: vec!["displayName".into()],
    };
    Record { writes: vec![write], ..Record::default() }
}

fn refused(cause: Cause) -> Record {
    Record { fault: Some(Fault::new(cause, "so")), ..Record::default() }
}

fn told(audit: &Audit, record: &Record, change: impl FnOnce(&mut AccessRecord<'_>)) {
    let trace = Trace::of(&http::HeaderMap::new(), |_| false);
    let mut seen = AccessRecord {
        refused: None,
        request_id: "request-1",
        method: "patch",
        writes: true,
        delivered: true,
        caller: None,
        route: Some("/a"),
        upstream: Some("up"),
        credential: Some("tester"),
        translated: true,
        status: None,
        duration: Duration::ZERO,
        trace: &trace,
        record,
    };
    change(&mut seen);
    audit.record(&seen, &ids());
}

fn tell(audit: &Audit, cause: Option<Cause>) {
    told(audit, &write(cause), |_| ());
}

struct Started {
    audit: Audit,
    metrics: Arc<Metrics>,
    folder: tempfile::TempDir,
}

fn start(on_failure: OnFailure, queue: usize) -> Started {
    let folder = tempfile::tempdir().unwrap();
    let (audit, metrics) = open(&folder.path().join("audit.jsonl"), on_failure, queue);
    Started { audit, metrics, folder }
}

fn kept(path: &Path) -> config::Kept {
    let at = config::Named { name: String::new(), file: "config.toml".into(), span: 0..0 };
    config::Kept { path: path.to_owned(), at }
}

fn open(file: &Path, on_failure: OnFailure, queue: usize) -> (Audit, Arc<Metrics>) {
    let metrics = Arc::new(Metrics::new().unwrap());
    let settings = config::Audit { file: kept(file), queue, on_failure };
    (Audit::start(&settings, Arc::clone(&metrics)).unwrap(), metrics)
}

impl Started {
    fn file(&self) -> PathBuf {
        self.folder.path().join("audit.jsonl")
    }

    fn lines(&self) -> Vec<Value> {
        self.audit.finish();
        let text = std::fs::read_to_string(self.file()).unwrap();
        assert!(!text.contains("private"), "{text}");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn verified(files: &[PathBuf]) -> Verified {
    verify(files, None).unwrap()
}

#[test]
fn a_line_says_who_did_what_to_which_and_how_it_ended() {
    let started = start(OnFailure::Refuse, 16);
    for cause in [None, Some(Cause::UpstreamRefused), Some(Cause::UpstreamTimeout)] {
        tell(&started.audit, cause);
    }
    let lines = started.lines();
    let [done, failed, unknown] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((&done["who"], &done["route"]), (&"tester".into(), &"/a".into()));
    assert_eq!((&done["operation"], &done["outcome"]), (&"patch".into(), &"done".into()));
    assert_eq!(done["places"], serde_json::json!(["displayName"]));
    assert_eq!(done["id"], ids().hash(&ResourceId::new("private-id")));
    assert_eq!((&failed["outcome"], &failed["status"]), (&"failed".into(), &400.into()));
    assert_eq!((&unknown["outcome"], &unknown["status"]), (&"unknown".into(), &504.into()));
    let wanted = (&"upstream_timeout".into(), &"upstream".into());
    assert_eq!((&unknown["cause"], &unknown["side"]), wanted);
    assert!(started.metrics.text().contains("scim_gateway_audit_lines_total 3"));
}

/// With signed tokens the credential's name is that of all applications of an issuer.
#[test]
fn whom_a_token_names_is_told_as_keyed_hashes() {
    let started = start(OnFailure::Refuse, 16);
    let subject = |text: &str| Some(ResourceId::new(text));
    let caller = Principal {
        credential: "tester".into(),
        subject: subject("private-person"),
        client: subject("private-app"),
    };
    told(&started.audit, &write(None), |_| ());
    let record = write(None);
    let trace = Trace::of(&http::HeaderMap::new(), |_| false);
    let seen = AccessRecord {
        refused: None,
        request_id: "request-1",
        method: "patch",
        writes: true,
        delivered: false,
        caller: Some(&caller),
        route: None,
        upstream: None,
        credential: Some("tester"),
        translated: true,
        status: None,
        duration: Duration::ZERO,
        trace: &trace,
        record: &record,
    };
    started.audit.record(&seen, &ids());
    let lines = started.lines();
    assert!(lines[0].get("subject").is_none(), "{lines:?}");
    assert_eq!(lines[1]["subject"], ids().hash(&ResourceId::new("private-person")));
    assert_eq!(lines[1]["client"], ids().hash(&ResourceId::new("private-app")));
    assert_eq!((&lines[0]["delivered"], &lines[1]["delivered"]), (&true.into(), &false.into()));
}

/// What is refused before its exchange, by any method where the caller was not let in.
#[test]
fn refused_requests_are_told_and_a_flood_of_them_is_counted() {
    let started = start(OnFailure::Refuse, 16);
    let caller = Principal { credential: "tester".into(), subject: None, client: None };
    let record = refused(Cause::BodyTooLarge);
    let trace = Trace::of(&http::HeaderMap::new(), |_| false);
    let seen = |record, caller, refused, writes, method| AccessRecord {
        refused,
        request_id: "request-1",
        method,
        writes,
        delivered: true,
        caller,
        route: Some("/a"),
        upstream: Some("up"),
        credential: None,
        translated: true,
        status: None,
        duration: Duration::ZERO,
        trace: &trace,
        record,
    };
    let known = Some(&caller);
    started.audit.record(&seen(&record, known, None, true, "put"), &ids());
    started.audit.record(&seen(&record, known, None, true, "put"), &ids());
    started.audit.record(&seen(&record, known, None, false, "get"), &ids());
    let record = refused(Cause::Unauthenticated);
    for _ in 0..1_000 {
        let refusal = Some(AuthRefusal::Unknown);
        started.audit.record(&seen(&record, None, refusal, false, "get"), &ids());
    }
    let lines = started.lines();
    let told: Vec<_> = lines.iter().map(|line| line["cause"].as_str().unwrap()).collect();
    assert_eq!(told[..2], ["body_too_large"; 2], "{lines:?}");
    assert!(told[2..].iter().all(|cause| *cause == "unauthenticated"), "{lines:?}");
    assert!(lines.iter().all(|line| line["outcome"] == "refused"), "{lines:?}");
    let counts = lines[2..].iter().map(|line| line["count"].as_u64().unwrap_or(1));
    assert_eq!(counts.sum::<u64>(), 1_000, "{lines:?}");
    assert!(lines.len() < 20, "{}", lines.len());
}

#[test]
fn what_operators_do_is_told() {
    let started = start(OnFailure::Refuse, 16);
    let from = "192.0.2.1".parse().unwrap();
    let route = Some("/a".to_owned());
    let paused = Event::Operated { act: "pause", route, from, done: true };
    for event in [paused, Event::Reloaded(Trigger::Signal), Event::Reloaded(Trigger::Request)] {
        started.audit.happened(&event, &ids());
    }
    let lines = started.lines();
    let [pause, reload] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((&pause["operation"], &pause["route"]), (&"pause".into(), &"/a".into()));
    assert_eq!((&pause["from"], &reload["from"]), (&"admin".into(), &"signal".into()));
    assert_eq!(pause["address"], ids().hash(&ResourceId::new("192.0.2.1")));
}

/// One chain over a rotation, a restart, and two processes at once.
#[test]
fn the_chain_goes_on_over_rotation_restart_and_a_second_process() {
    let started = start(OnFailure::Refuse, 16);
    tell(&started.audit, None);
    started.audit.finish();
    let (file, old) = (started.file(), started.folder.path().join("audit.1"));
    std::fs::rename(&file, &old).unwrap();
    // The file was renamed, and another process begins before there is a new one.
    let (second, _) = open(&file, OnFailure::Refuse, 16);
    for audit in [&second, &started.audit, &second] {
        tell(audit, None);
        audit.finish();
    }
    let all = [file.clone(), old.clone()];
    let found = verified(&all);
    assert!(found.is_sound(), "{found:?}");
    assert_eq!((found.lines, found.first, found.head.as_ref().unwrap().seq), (4, Some(1), 4));
    // Without what stands beside it the file's own last line is gone on from.
    std::fs::remove_file(started.folder.path().join("audit.jsonl.head")).unwrap();
    let (third, _) = open(&file, OnFailure::Refuse, 16);
    tell(&third, None);
    third.finish();
    let found = verified(&all);
    assert!(found.is_sound() && found.head.as_ref().unwrap().seq == 5, "{found:?}");
    assert_eq!(verified(&[file]).first, Some(2), "older lines may be elsewhere");
}

#[test]
fn what_was_changed_taken_out_or_moved_is_found_and_a_cut_tail_by_its_head_alone() {
    let started = start(OnFailure::Refuse, 16);
    (0..5).for_each(|_| tell(&started.audit, None));
    started.audit.finish();
    let text = std::fs::read_to_string(started.file()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let file = started.folder.path().join("changed.jsonl");
    let tried = |lines: &[&str]| {
        std::fs::write(&file, lines.join("\n") + "\n").unwrap();
        verified(std::slice::from_ref(&file))
    };
    assert!(tried(&lines).is_sound());
    let changed = lines[1].replace("done", "fail");
    let [a, b, c, d, e] = lines[..] else { panic!() };
    for (what, bad) in [
        ("changed", vec![a, &changed, c, d, e]),
        ("taken out", vec![a, c, d, e]),
        ("moved", vec![a, c, b, d, e]),
        ("twice", vec![a, b, b, c]),
        ("half", vec![a, &b[..20], c]),
        ("begun anew", vec![a, b, a]),
    ] {
        assert!(!tried(&bad).is_sound(), "{what}");
    }
    assert_eq!(tried(&[a, c]).mistakes[0].what, "line 2 is missing");
    let head = tried(&lines).head.unwrap().hash;
    assert!(tried(&[a, b, c]).is_sound(), "a cut tail is not seen");
    let files = [file.clone()];
    assert!(!verify(&files, Some(&head)).unwrap().is_sound(), "but by its head");
    tried(&lines);
    assert!(verify(&files, Some(&head)).unwrap().is_sound());
}

#[test]
fn half_a_line_spoils_no_other() {
    let started = start(OnFailure::Refuse, 16);
    tell(&started.audit, None);
    started.audit.finish();
    let mut text = std::fs::read(started.file()).unwrap();
    text.extend_from_slice(b"{\"seq\":2,\"pr");
    std::fs::write(started.file(), text).unwrap();
    let (next, _) = open(&started.file(), OnFailure::Refuse, 16);
    tell(&next, None);
    next.finish();
    let found = verified(&[started.file()]);
    assert_eq!((found.lines, found.mistakes.len(), found.mistakes[0].line), (2, 1, 2), "{found:?}");
}

/// Issue 9, part 3: where no line can be written no write is made, and none is lost.
#[test]
fn a_full_disk_refuses_writes_and_keeps_the_lines_of_those_that_were_made() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    let started = start(OnFailure::Refuse, 16);
    let file = started.file();
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(full, &file).unwrap();
    assert!(started.audit.reserve().is_some());
    tell(&started.audit, None);
    let began = Instant::now();
    while started.audit.reserve().is_some() {
        assert!(began.elapsed() < Duration::from_secs(20), "writes go on");
        std::thread::yield_now();
    }
    let text = started.metrics.text();
    assert!(text.contains("scim_gateway_audit_failing 1"), "{text}");
    assert!(text.contains("scim_gateway_audit_refused_total{reason=\"file\"} 1"), "{text}");
    std::fs::remove_file(&file).unwrap();
    started.audit.finish();
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 1);
    assert!(started.audit.reserve().is_some());
    assert!(started.metrics.text().contains("scim_gateway_audit_failing 0"));
}

#[test]
fn a_full_disk_loses_lines_and_counts_them_where_that_is_wanted() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    let started = start(OnFailure::Count, 16);
    let file = started.file();
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(full, &file).unwrap();
    tell(&started.audit, None);
    started.audit.finish();
    let lost = "scim_gateway_audit_lost_total{reason=\"file\"} 1";
    assert!(started.metrics.text().contains(lost));
    assert!(started.audit.reserve().is_some());
    std::fs::remove_file(&file).unwrap();
    tell(&started.audit, None);
    started.audit.finish();
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 1);
}

#[test]
fn no_more_writes_are_under_way_than_lines_may_wait() {
    let started = start(OnFailure::Refuse, 2);
    let (one, two) = (started.audit.reserve(), started.audit.reserve());
    assert!(one.is_some() && two.is_some() && started.audit.reserve().is_none());
    let refused = "scim_gateway_audit_refused_total{reason=\"queue\"} 1";
    assert!(started.metrics.text().contains(refused));
    drop(one);
    assert!(started.audit.reserve().is_some());
}

#[test]
fn a_file_that_cannot_be_opened_is_told_at_the_start() {
    let file = kept(Path::new("/nowhere/audit.jsonl"));
    let audit = config::Audit { file, queue: 16, on_failure: OnFailure::Refuse };
    let why = Audit::start(&audit, Arc::new(Metrics::new().unwrap())).err().unwrap();
    assert!(why.contains("/nowhere/audit.jsonl"), "{why}");
}
