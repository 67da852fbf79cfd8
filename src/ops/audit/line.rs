//! What a line says: who asked for what of which, and how it ended. No value of any attribute; ids, what
//! tokens say of people, and addresses as keyed hashes.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::Serialize;

use crate::exchange::WriteRecord;
use crate::fault::Cause;
use crate::observe::AccessRecord;
use crate::ops::ids::Ids;

/// One line, without its place in the chain.
#[derive(Serialize)]
struct Line<'a> {
    time: Timestamp,
    request_id: &'a str,
    trace_id: String,
    /// The name of the credential.
    who: Option<&'a str>,
    /// Whom a signed token is about, and the application that it was issued for.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    route: Option<&'a str>,
    upstream: Option<&'a str>,
    operation: &'a str,
    resource: Option<&'a str>,
    id: Option<String>,
    outcome: &'a str,
    status: Option<u16>,
    side: Option<&'a str>,
    cause: Option<&'a str>,
    /// Whether the client got the whole answer.
    delivered: bool,
    places: &'a [String],
}

/// What an operator, or a change of files, did.
#[derive(Serialize)]
struct Act<'a> {
    time: Timestamp,
    operation: &'a str,
    route: Option<&'a str>,
    /// `admin`, `signal` or `file`.
    from: &'a str,
    address: Option<String>,
    outcome: &'a str,
}

/// Requests of one kind that were refused and have no line of their own.
#[derive(Serialize)]
pub(super) struct Many<'a> {
    pub time: Timestamp,
    pub who: Option<&'a str>,
    pub route: Option<&'a str>,
    pub operation: &'a str,
    pub outcome: &'a str,
    pub side: Option<&'a str>,
    pub cause: Option<&'a str>,
    /// How many.
    pub count: u64,
}

/// A write of a translated route.
pub(super) fn of_write(seen: &AccessRecord<'_>, write: &WriteRecord, ids: &Ids) -> Vec<u8> {
    let outcome = match write.cause {
        None => "done",
        Some(cause) if cause.is_uncertain() => "unknown",
        Some(_) => "failed",
    };
    text(&Line {
        operation: write.operation.name(),
        resource: Some(write.resource),
        id: write.subject.as_ref().map(|subject| ids.hash(subject)),
        outcome,
        status: (write.cause != Some(Cause::Interrupted)).then_some(write.status),
        side: write.cause.map(|cause| cause.side().label()),
        cause: write.cause.map(Cause::label),
        places: &write.places,
        ..line(seen, ids)
    })
}

/// A write that streamed through, unread: its method, and what the upstream's status says.
pub(super) fn of_stream(seen: &AccessRecord<'_>, ids: &Ids) -> Vec<u8> {
    let success = seen.status.is_some_and(|status| status.is_success());
    let uncertain = |cause: Cause| {
        let ours = [Cause::ClientGone, Cause::StreamTooLong, Cause::Internal];
        cause.is_uncertain() || ours.contains(&cause)
    };
    let outcome = match seen.record.fault.as_ref().map(|fault| fault.cause) {
        // The header of an answer came, whatever became of its body.
        _ if success => "done",
        Some(cause) if uncertain(cause) => "unknown",
        _ => "failed",
    };
    text(&Line { outcome, ..line(seen, ids) })
}

/// What was refused before anything was done.
pub(super) fn of_refused(seen: &AccessRecord<'_>, ids: &Ids) -> Vec<u8> {
    text(&Line { outcome: "refused", ..line(seen, ids) })
}

fn line<'a>(seen: &AccessRecord<'a>, ids: &Ids) -> Line<'a> {
    let (record, caller) = (seen.record, seen.caller);
    let cause = record.fault.as_ref().map(|fault| fault.cause);
    Line {
        time: Timestamp::now(),
        request_id: seen.request_id,
        trace_id: hex::encode(seen.trace.id),
        who: seen.credential,
        subject: caller.and_then(|caller| caller.subject.as_ref()).map(|sub| ids.hash(sub)),
        client: caller.and_then(|caller| caller.client.as_ref()).map(|client| ids.hash(client)),
        route: seen.route,
        upstream: seen.upstream,
        operation: record.operation.map_or(seen.method, |operation| operation.name()),
        resource: record.resource,
        id: record.subject.as_ref().map(|subject| ids.hash(subject)),
        outcome: "",
        status: seen.status.map(|status| status.as_u16()),
        side: cause.map(|cause| cause.side().label()),
        cause: cause.map(Cause::label),
        delivered: seen.delivered,
        places: &[],
    }
}

/// What was done to the gateway itself.
pub(super) fn act(
    operation: &str,
    route: Option<&str>,
    from: &str,
    address: Option<IpAddr>,
    done: bool,
    ids: &Ids,
) -> Vec<u8> {
    let address = address.map(|address| hashed(address, ids));
    let outcome = if done { "done" } else { "failed" };
    text(&Act { time: Timestamp::now(), operation, route, from, address, outcome })
}

/// An address as its keyed hash.
fn hashed(address: IpAddr, ids: &Ids) -> String {
    ids.hash(&crate::exchange::ResourceId::new(address.to_string()))
}

/// The JSON of a line. What is written of it are texts, numbers and lists of them: it never fails.
pub(super) fn text(line: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(line).unwrap_or_default()
}
