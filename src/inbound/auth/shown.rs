//! What a request shows of its caller: its Authorization header and its client certificate.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::inbound::tls::Peer;

/// What a request shows.
pub struct PresentedCredentials {
    pub(super) authorization: Authorization,
    pub(super) peer: Option<Arc<Peer>>,
}

/// The Authorization header (RFC 9110 section 11.6.2).
#[derive(PartialEq, Eq)]
pub(super) enum Authorization {
    Missing,
    /// Not one header, not one scheme that is known, or not in its form.
    Malformed,
    /// Opaque: it may hold `:` or any other visible character, and even bytes that are none.
    Bearer(Vec<u8>),
    /// `user:password`.
    Basic(Vec<u8>),
}

impl PresentedCredentials {
    pub fn new(headers: &HeaderMap, peer: Option<Arc<Peer>>) -> Self {
        Self { authorization: authorization(headers), peer }
    }

    /// The same, but for what people choose: a password.
    pub fn without_guessable(mut self) -> Self {
        if matches!(self.authorization, Authorization::Basic(_)) {
            self.authorization = Authorization::Missing;
        }
        self
    }
}

/// The scheme is read in any case; two headers are none, since another reader may take the other.
fn authorization(headers: &HeaderMap) -> Authorization {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let value = match (all.next(), all.next()) {
        (None, _) => return Authorization::Missing,
        (Some(value), None) => value.as_bytes(),
        _ => return Authorization::Malformed,
    };
    let Some(blank) = value.iter().position(|byte| *byte == b' ') else {
        return Authorization::Malformed;
    };
    let (scheme, token) = value.split_at(blank);
    let token = token.trim_ascii();
    let found = if token.is_empty() {
        None
    } else if scheme.eq_ignore_ascii_case(b"bearer") {
        Some(Authorization::Bearer(token.to_vec()))
    } else if scheme.eq_ignore_ascii_case(b"basic") {
        basic(token)
    } else {
        None
    };
    found.unwrap_or(Authorization::Malformed)
}

/// RFC 7617 section 2: a colon parts user and password, and neither holds control characters.
fn basic(token: &[u8]) -> Option<Authorization> {
    let pair = STANDARD.decode(token).ok()?;
    let fits = pair.contains(&b':') && !pair.iter().any(u8::is_ascii_control);
    fits.then_some(Authorization::Basic(pair))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(values: &[&[u8]]) -> Authorization {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        authorization(&headers)
    }

    #[test]
    fn hostile_headers_are_malformed_and_nothing_else() {
        let malformed: [&[&[u8]]; 16] = [
            &[b"Bearer a", b"Bearer a"],
            &[b"Bearer a", b"Basic YTpi"],
            &[b""],
            &[b"Bearer"],
            &[b"Bearer "],
            &[b"Bearer\ta"],
            &[b"Bearera"],
            &[b"Token a"],
            &[b"Digest username=\"a\""],
            &[b"\xff\xfe a"],
            &[b"Basic YTpi YTpi"],
            &[b"Basic !!!!"],
            &[b"Basic YWI="],
            &[b"Basic YTpi="],
            &[b"Basic YTpiCg=="],
            &[b"Basic \xff\xff\xff\xff"],
        ];
        for values in malformed {
            assert!(read(values) == Authorization::Malformed, "{values:?}");
        }
        assert!(read(&[]) == Authorization::Missing);
    }

    #[test]
    fn tokens_are_opaque_and_schemes_are_of_any_case() {
        for value in [&b"Bearer P2abc:K2def"[..], b"bEARER P2abc:K2def", b"BEARER   P2abc:K2def "] {
            assert!(read(&[value]) == Authorization::Bearer(b"P2abc:K2def".to_vec()));
        }
        assert!(read(&[b"Bearer \xffx y"]) == Authorization::Bearer(b"\xffx y".to_vec()));
        assert!(read(&[b"bAsIc YTpiOmM="]) == Authorization::Basic(b"a:b:c".to_vec()));
        assert!(read(&[b"Basic Og=="]) == Authorization::Basic(b":".to_vec()));
    }
}
