//! Routes that stream: the header is rewritten, the body goes through unread.

use std::sync::Arc;

use http::header::{CONNECTION, COOKIE, EXPECT, FORWARDED, HeaderName};
use pingora::http::RequestHeader;

use super::Remote;
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

/// Turns the client's header into the upstream's: its path behind the prefix, its host, its token.
pub(super) fn rewrite(
    header: &mut RequestHeader,
    route: &Arc<Route>,
    remote: &Remote,
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
    remote.dress(header)
}
