//! Who may use a route: bearer tokens by their SHA-256, compared in constant time.
//!
//! A token is opaque: it may hold `:` or any other visible character.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::config::model::Auth;
use crate::fault::{Cause, Fault};

impl Auth {
    /// The name of the credential that the request shows, or `None` where the route asks for none.
    ///
    /// # Errors
    /// `Unauthenticated` where no or no known token is shown.
    pub(super) fn admit(&self, headers: &HeaderMap) -> Result<Option<&str>, Fault> {
        let credentials = match self {
            Self::None => return Ok(None),
            Self::Bearer(credentials) => credentials,
        };
        let token = bearer(headers).ok_or_else(|| {
            refused("This route needs one Authorization header of the form `Bearer <token>`.")
        })?;
        let shown: [u8; 32] = Sha256::digest(token).into();
        // Every entry is compared, so the time tells neither which one matched nor whether.
        let mut found = u64::MAX;
        for (index, credential) in (0_u64..).zip(credentials) {
            let equal: Choice = shown.ct_eq(&credential.sha256);
            found.conditional_assign(&index, equal);
        }
        usize::try_from(found)
            .ok()
            .and_then(|index| credentials.get(index))
            .map(|credential| Some(credential.name.as_str()))
            .ok_or_else(|| refused("The bearer token is not known on this route. Send one that the operator gave out for it."))
    }
}

/// The token of the only Authorization header (RFC 6750 section 2.1; the scheme in any case).
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (all.next()?.as_bytes(), all.next()) else { return None };
    let (scheme, token) = value.split_at_checked(6)?;
    let token = token.strip_prefix(b" ")?.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"bearer") && !token.is_empty()).then_some(token)
}

fn refused(detail: &str) -> Fault {
    Fault::new(Cause::Unauthenticated, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::model::Credential;

    fn auth() -> Auth {
        let entry = |name: &str, token: &str| Credential {
            name: name.to_owned(),
            sha256: Sha256::digest(token).into(),
        };
        Auth::Bearer(vec![entry("first", "P2abc:K2def"), entry("second", "other")])
    }

    fn admitted(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        auth().admit(&headers).ok().flatten().map(str::to_owned)
    }

    #[test]
    fn a_token_is_opaque_and_names_its_entry() {
        assert_eq!(admitted(&["Bearer P2abc:K2def"]).as_deref(), Some("first"));
        assert_eq!(admitted(&["bearer other"]).as_deref(), Some("second"));
    }

    #[test]
    fn anything_else_is_refused() {
        let cases: &[&[&str]] = &[
            &[],
            &["Bearer"],
            &["Bearer "],
            &["Bearer P2abc"],
            &["Basic other"],
            &["Bearerother"],
            &["other"],
            &["Bearer other", "Bearer other"],
        ];
        for values in cases {
            assert_eq!(admitted(values), None, "{values:?}");
        }
    }
}
