//! `Retry-After` (RFC 9110 section 10.2.3), as seconds or as a date.

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, HeaderName, RETRY_AFTER};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// What a client is made to wait at most: an upstream's mistake must not park it for a day.
const LONGEST: u64 = 3600;

/// How long the upstream asks to wait: between one second and one hour.
///
/// A date is measured from the answer's own `Date`, so that clocks which differ do no harm.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Too many digits for a number are a long time too.
        text.parse().unwrap_or(LONGEST)
    } else {
        let now = date(headers, DATE).unwrap_or_else(Timestamp::now);
        u64::try_from(date(headers, RETRY_AFTER)?.as_second() - now.as_second()).unwrap_or(0)
    };
    Some(Duration::from_secs(seconds.clamp(1, LONGEST)))
}

fn date(headers: &HeaderMap, name: HeaderName) -> Option<Timestamp> {
    let text = headers.get(name)?.to_str().ok()?;
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}
