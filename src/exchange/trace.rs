//! W3C Trace Context: the trace that a request belongs to, continued from the client or begun here,
//! and carried to the upstream with each call's own span.
//!
//! It knows neither what a span is exported to nor who decides what is sampled.

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// Of `tracestate`, in bytes: what a participant should pass on at least (section 3.3.1.5).
const STATE: usize = 512;
/// The one flag that is defined (section 3.2.2.5).
const SAMPLED: u8 = 1;

/// One span's place in its trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The same for everything that is done for one cause; not zero.
    pub id: [u8; 16],
    /// Not zero.
    pub span: [u8; 8],
    /// The span that this one is a part of.
    pub parent: Option<[u8; 8]>,
    /// Whether someone keeps the spans of this trace.
    pub sampled: bool,
    /// Whether the client wants them to be kept.
    wanted: bool,
    /// What other tracing systems said of it, passed on as it came.
    state: Option<HeaderValue>,
}

impl Trace {
    /// This gateway's span in the client's trace, which is not kept unless the client is trusted; where there
    /// is none, or its header is not valid, in a new one, of which `sampled` says whether it is kept.
    pub fn of(headers: &HeaderMap, sampled: impl FnOnce(&[u8; 16]) -> bool) -> Self {
        if let Some(outer) = Self::read(headers) {
            return Self { sampled: false, wanted: outer.sampled, ..outer.child() };
        }
        let id = Uuid::new_v4().into_bytes();
        Self { id, span: span(), parent: None, sampled: sampled(&id), wanted: false, state: None }
    }

    /// The client may say whether the trace is kept: it is no stranger.
    pub fn trust(&mut self) {
        self.sampled |= std::mem::take(&mut self.wanted);
    }

    /// The span that the headers name.
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let mut given = headers.get_all(TRACEPARENT).iter();
        let (value, None) = (given.next()?, given.next()) else { return None };
        let (id, span, flags) = parse(value.to_str().ok()?)?;
        let sampled = flags & SAMPLED != 0;
        Some(Self { id, span, parent: None, sampled, wanted: false, state: state(headers) })
    }

    /// A new span inside this one.
    #[must_use]
    pub fn child(&self) -> Self {
        Self { span: span(), parent: Some(self.span), ..self.clone() }
    }

    /// Names this span in the headers, in place of whatever they named.
    pub fn write(&self, headers: &mut HeaderMap) {
        for name in [TRACEPARENT, TRACESTATE] {
            headers.remove(name);
        }
        headers.extend(self.headers());
    }

    /// The headers that name this span.
    pub fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let flags = if self.sampled { SAMPLED } else { 0 };
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        for (at, bytes) in [(3, &self.id[..]), (36, &self.span[..]), (53, &[flags][..])] {
            // As long as what it is written over.
            let place = text.get_mut(at..at + 2 * bytes.len()).unwrap_or_default();
            let _ = hex::encode_to_slice(bytes, place);
        }
        let parent = HeaderValue::from_bytes(&text).ok();
        let state = self.state.clone();
        let parent = parent.map(|value| (TRACEPARENT, value));
        parent.into_iter().chain(state.map(|value| (TRACESTATE, value)))
    }
}

/// Section 3.2.2: of version 00 exactly these fields, of a later one at least these.
fn parse(text: &str) -> Option<([u8; 16], [u8; 8], u8)> {
    let mut fields = text.splitn(5, '-');
    let version = digits::<1>(fields.next()?)?;
    let (id, span) = (digits::<16>(fields.next()?)?, digits::<8>(fields.next()?)?);
    let [flags] = digits::<1>(fields.next()?)?;
    let more = fields.next().is_some();
    let fits = version != [0xff] && !(more && version == [0]);
    (fits && id != [0; 16] && span != [0; 8]).then_some((id, span, flags))
}

/// Lower-case digits only.
fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

/// The header's lines as one; none where it is longer than has to be passed on.
fn state(headers: &HeaderMap) -> Option<HeaderValue> {
    let lines: Vec<&[u8]> = headers.get_all(TRACESTATE).iter().map(HeaderValue::as_bytes).collect();
    let whole = lines.join(&b","[..]);
    if whole.is_empty() || whole.len() > STATE || !whole.is_ascii() {
        return None;
    }
    HeaderValue::from_bytes(&whole).ok()
}

/// Random, and not zero: the half of a UUID that holds its variant.
fn span() -> [u8; 8] {
    let [_, _, _, _, _, _, _, _, half @ ..] = Uuid::new_v4().into_bytes();
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn headers(parent: &str) -> HeaderMap {
        HeaderMap::from_iter([(TRACEPARENT, HeaderValue::from_str(parent).unwrap())])
    }

    fn shown(trace: &Trace) -> Vec<String> {
        trace.headers().map(|(_, value)| value.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_valid_trace_goes_on_with_spans_of_our_own() {
        let mut given = headers(PARENT);
        given.append(TRACESTATE, HeaderValue::from_static("a=1"));
        given.append(TRACESTATE, HeaderValue::from_static("b=2"));
        let mut trace = Trace::of(&given, |_| panic!("the client has decided"));
        assert!(!trace.sampled, "a stranger decides nothing");
        trace.trust();
        assert_eq!(trace.parent.map(hex::encode).unwrap(), "b7ad6b7169203331");
        let call = trace.child();
        assert_eq!((call.id, call.parent), (trace.id, Some(trace.span)));
        assert_ne!(call.span, trace.span);
        let span = hex::encode(call.span);
        let wanted = format!("00-0af7651916cd43dd8448eb211c80319c-{span}-01");
        assert_eq!(shown(&call), [wanted, "a=1,b=2".to_owned()]);
        call.write(&mut given);
        assert_eq!(given.len(), 2);
        assert_eq!(Trace::read(&given).map(|read| read.span), Some(call.span));
    }

    #[test]
    fn what_is_not_valid_begins_a_new_trace_and_takes_no_state_along() {
        for bad in [
            "",
            "00",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-zz",
        ] {
            let mut given = headers(bad);
            given.append(TRACESTATE, HeaderValue::from_static("a=1"));
            let trace = Trace::of(&given, |_| true);
            assert!(trace.parent.is_none() && trace.sampled, "{bad}");
            assert_eq!(shown(&trace).len(), 1, "{bad}");
        }
        let mut twice = headers(PARENT);
        twice.append(TRACEPARENT, HeaderValue::from_static(PARENT));
        assert_eq!(Trace::read(&twice), None);
    }

    #[test]
    fn later_versions_are_read_as_far_as_they_are_known() {
        let later = format!("01{}-more", PARENT.strip_prefix("00").unwrap());
        assert!(Trace::read(&headers(&later)).is_some_and(|trace| trace.sampled));
        let unsampled = PARENT.replace("-01", "-00");
        assert!(Trace::read(&headers(&unsampled)).is_some_and(|trace| !trace.sampled));
    }

    #[test]
    fn a_long_state_is_left_out() {
        let mut given = headers(PARENT);
        given.append(
            TRACESTATE,
            HeaderValue::from_str(&format!("a={}", "x".repeat(STATE))).unwrap(),
        );
        assert_eq!(shown(&Trace::of(&given, |_| false)).len(), 1);
    }
}
