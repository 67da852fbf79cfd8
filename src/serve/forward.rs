//! Routes with `auth = "forward"`: the client's own Authorization goes to the upstream as it is, and
//! what the upstream says of it comes back. Nothing is kept of either.

use async_trait::async_trait;
use http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

use crate::exchange::Upstream;
use crate::fault::{Cause, Fault};
use crate::scim::http::{Request, Response};

/// Schemes that authenticate a connection and not a request (RFC 4559 section 5): on a pooled
/// connection the next client would be the one before.
const OF_CONNECTIONS: [&str; 2] = ["negotiate", "ntlm"];

/// The calls of one exchange, each with its client's Authorization.
pub(super) struct Forwarded<'a> {
    pub upstream: &'a dyn Upstream,
    pub authorization: Option<HeaderValue>,
}

/// The client's Authorization, if it sent one.
///
/// # Errors
/// `Unauthenticated` where there are two, or one that would speak for a connection.
pub(super) fn authorization(headers: &HeaderMap) -> Result<Option<HeaderValue>, Fault> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (all.next(), all.next()) else {
        let refused = "This route takes one Authorization header. Send the one that is meant.";
        let several = headers.contains_key(AUTHORIZATION);
        return if several { Err(Fault::new(Cause::Unauthenticated, refused)) } else { Ok(None) };
    };
    let scheme = value.as_bytes().split(|byte| byte.is_ascii_whitespace()).next();
    let of_connection = scheme.is_some_and(|scheme| {
        OF_CONNECTIONS.iter().any(|name| scheme.eq_ignore_ascii_case(name.as_bytes()))
    });
    if of_connection {
        let detail = "This route forwards no scheme that authenticates a connection, as Negotiate and \
                      NTLM do: connections to the upstream are shared. Use another scheme.";
        return Err(Fault::new(Cause::Unauthenticated, detail));
    }
    let mut value = value.clone();
    value.set_sensitive(true);
    Ok(Some(value))
}

#[async_trait]
impl Upstream for Forwarded<'_> {
    fn base(&self) -> &str {
        self.upstream.base()
    }

    fn services(&self) -> &[String] {
        self.upstream.services()
    }

    async fn call_by(&self, request: &Request, deadline: Instant) -> Result<Response, Fault> {
        let mut request = request.clone();
        request.headers.remove(AUTHORIZATION);
        if let Some(authorization) = &self.authorization {
            request.headers.insert(AUTHORIZATION, authorization.clone());
        }
        let answer = self.upstream.call_by(&request, deadline).await?;
        match answer.status {
            StatusCode::UNAUTHORIZED => Err(refused(Cause::Unauthenticated, &answer.headers)),
            StatusCode::FORBIDDEN => Err(refused(Cause::Forbidden, &answer.headers)),
            _ => Ok(answer),
        }
    }
}

/// What the upstream says of the client's credentials is the client's to hear.
fn refused(cause: Cause, headers: &HeaderMap) -> Fault {
    let detail = match cause {
        Cause::Forbidden => "The upstream does not allow this with the request's credentials.",
        _ => "The upstream does not know the request's credentials. Send others.",
    };
    let mut fault = Fault::new(cause, detail);
    let told = headers.get_all(WWW_AUTHENTICATE).iter().cloned();
    let told: HeaderMap = told.map(|challenge| (WWW_AUTHENTICATE, challenge)).collect();
    fault.challenges = (!told.is_empty()).then(|| Box::new(told));
    fault
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forwarded(values: &[&str]) -> Result<Option<HeaderValue>, Fault> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        authorization(&headers)
    }

    #[test]
    fn any_one_authorization_of_a_request_goes_through_and_none_of_a_connection() {
        assert_eq!(forwarded(&[]).unwrap(), None);
        for value in ["Bearer a:b", "Basic dTpw", "Digest username=\"u\"", "opaque"] {
            assert_eq!(forwarded(&[value]).unwrap().unwrap(), value);
        }
        for values in [&["negotiate YII="][..], &["NTLM"], &["Bearer a", "Bearer a"]] {
            assert_eq!(forwarded(values).unwrap_err().cause, Cause::Unauthenticated, "{values:?}");
        }
    }
}
