//! Routes that stream: the header is rewritten, the body goes through unread.

use std::sync::Arc;

use http::header::{CONNECTION, COOKIE, EXPECT, FORWARDED, HeaderName};
use pingora::http::RequestHeader;

use super::Remote;
use crate::exchange::{TRACEPARENT, TRACESTATE, Trace};
use crate::gateway::Route;

/// What of a client's header an upstream never sees, beside Authorization.
const DROPPED: [HeaderName; 6] = [
    COOKIE,
    FORWARDED,
    CONNECTION,
    EXPECT,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
];

/// Turns the client's header into the upstream's: its path behind the prefix, its host, its token,
/// this gateway's span.
pub(super) fn rewrite(
    header: &mut RequestHeader,
    route: &Arc<Route>,
    remote: &Remote,
    trace: &Trace,
) -> pingora::Result<()> {
    let uri = header.uri.clone();
    let inner = uri.path().strip_prefix(route.spec.prefix.as_str()).unwrap_or_default();
    let mut target = remote.path(inner);
    if target.is_empty() {
        target.push('/');
    }
    if let Some(query) = uri.query() {
        target.push('?');
        target.push_str(query);
    }
    header.set_raw_path(target.as_bytes())?;
    for name in &DROPPED {
        header.remove_header(name);
    }
    for name in [TRACEPARENT, TRACESTATE] {
        header.remove_header(&name);
    }
    for (name, value) in trace.headers() {
        header.insert_header(name, value)?;
    }
    remote.dress(header)
}
