//! One token request: the client credentials grant of RFC 6749 section 4.4, worded and read by the
//! `oauth2` library, carried like every call. It keeps nothing and decides nothing.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use http::header::CONTENT_TYPE;
use oauth2::basic::{BasicClient, BasicErrorResponseType, BasicTokenType};
use oauth2::{
    AsyncHttpClient, ClientId, HttpRequest, HttpResponse, RequestTokenError, Scope, TokenResponse,
    TokenUrl,
};
use url::Url;

use super::client::{Client, Shown};
use crate::config::{Care, OAuth, Secret, Timeouts, stands_in_header};
use crate::exchange::Upstream;
use crate::fault::Cause;
use crate::gateway::message::retry_after;
use crate::material::Looked;
use crate::outbound::endpoints::EndpointSettings;
use crate::outbound::remote::Remote;
use crate::outbound::reporter::Reporter;
use crate::outbound::tls::Certificate;
use crate::scim::http::Request;

/// Of a token answer, in bytes; a token that is longer than half of it fits in no header.
const ANSWER: usize = 64 << 10;
const TOKEN: usize = 16 << 10;

pub(super) struct TokenEndpoint {
    carrier: Carrier,
    id: ClientId,
    client: Client,
    /// Shown in TLS.
    certificate: Option<Arc<Certificate>>,
    scopes: Vec<Scope>,
    params: Vec<(String, String)>,
    /// For one whole token request.
    pub timeout: Duration,
    /// Of a token whose answer does not say.
    pub lifetime: Duration,
    /// The serial numbers of secret, certificate and authorities, which only grow, when last looked at.
    seen: Mutex<[u64; 3]>,
}

/// The way to the endpoint.
struct Carrier {
    remote: Remote,
    url: Url,
}

pub(super) struct Answer {
    pub secret: Secret,
    pub expires_in: Option<Duration>,
}

/// Why there is no token: a word of a closed set, and how long the endpoint wants to be left alone.
#[derive(Debug, thiserror::Error)]
#[error("{outcome}")]
pub(super) struct Unanswered {
    pub outcome: &'static str,
    pub retry_after: Option<Duration>,
}

impl TokenEndpoint {
    /// # Errors
    /// A sentence, where the URL, the client's certificate or the endpoint's authorities cannot be used.
    ///
    /// `own` is the certificate, where there is such an object already.
    pub fn new(
        oauth: &OAuth,
        own: Option<Arc<Certificate>>,
        reporter: &Reporter,
    ) -> Result<Self, String> {
        let timeouts = Timeouts { idle: oauth.timeout, call: oauth.timeout, ..Timeouts::default() };
        let mut origin = oauth.token_url.clone();
        origin.set_path("/");
        origin.set_query(None);
        let scopes = oauth.scope.iter().flat_map(|scope| scope.split_ascii_whitespace());
        let (care, ca) = (Care::default(), oauth.ca.as_deref());
        let Reporter { upstream: name, observer } = reporter;
        let certificate = match (own, &oauth.client_cert) {
            (None, Some(pair)) => Some(Arc::new(Certificate::read(pair)?)),
            (own, _) => own,
        };
        let shown = certificate.clone();
        let making = EndpointSettings {
            name,
            timeouts: &timeouts,
            care: &care,
            certificate: shown,
            ca,
            observer,
        };
        let remote = Remote::of_nodes(&[origin], ANSWER, &making)?;
        let url = oauth.token_url.clone();
        Ok(Self {
            carrier: Carrier { remote, url },
            id: ClientId::new(oauth.client_id.clone()),
            client: Client::new(&oauth.client),
            certificate,
            scopes: scopes.map(|scope| Scope::new(scope.to_owned())).collect(),
            params: oauth.params.clone().into_iter().collect(),
            timeout: oauth.timeout,
            lifetime: oauth.lifetime,
            seen: Mutex::default(),
        })
    }

    /// Asks for a token, with the client's secret, key and certificate of now.
    pub async fn ask(&self) -> Result<Answer, Unanswered> {
        let shown = self.client.show(self.id.as_str()).ok_or_else(|| because("unsigned"))?;
        let Shown { secret, method, params } = shown;
        let client = BasicClient::new(self.id.clone())
            .set_token_uri(TokenUrl::from_url(self.carrier.url.clone()))
            .set_auth_type(method);
        let client = secret.into_iter().fold(client, |client, one| client.set_client_secret(one));
        let grant = client.exchange_client_credentials().add_scopes(self.scopes.iter().cloned());
        let fixed = self.params.iter().map(|(name, value)| (name.as_str(), value.clone()));
        let params = fixed.chain(params);
        let grant = params.fold(grant, |grant, (name, value)| grant.add_extra_param(name, value));
        let answer = grant.request_async(&self.carrier).await.map_err(|error| match error {
            RequestTokenError::Request(unanswered) => unanswered,
            RequestTokenError::ServerResponse(said) => because(refusal(said.error())),
            // What did not parse may hold a token: it goes nowhere.
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => because("malformed"),
        })?;
        let secret = Secret::new(answer.access_token().secret());
        let usable = *answer.token_type() == BasicTokenType::Bearer
            && (1..=TOKEN).contains(&secret.reveal().len())
            && stands_in_header(secret.reveal())
            && answer.expires_in().is_none_or(|life| !life.is_zero());
        let expires_in = answer.expires_in();
        usable.then_some(Answer { secret, expires_in }).ok_or_else(|| because("malformed"))
    }
}

/// What has changed of an endpoint since the last look.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Nothing,
    /// What failed before may go well now.
    Way,
    /// The client's certificate, which the tokens of before may be bound to (RFC 8705 section 3).
    Certificate,
}

impl TokenEndpoint {
    /// Whether anything of it comes from a file.
    pub fn has_files(&self) -> bool {
        let tls = self.certificate.is_some() || self.carrier.remote.authorities().is_some();
        self.client.has_file() || tls
    }

    /// Reads its files again, what came of the client's own, and what has changed; the authorities are
    /// followed by themselves.
    pub async fn look(&self) -> (Change, [Option<Looked>; 2]) {
        self.carrier.remote.tend();
        let secret = self.client.look().await;
        let certificate = match &self.certificate {
            Some(certificate) => certificate.look().await,
            None => None,
        };
        (self.change(), [secret, certificate])
    }

    /// Reads its files at once, and what has changed.
    ///
    /// # Errors
    /// A sentence that names the file that cannot be used.
    pub fn look_now(&self) -> Result<Change, String> {
        self.client.look_now()?;
        if let Some(certificate) = &self.certificate {
            certificate.look_now()?;
        }
        self.carrier.remote.look_now()?;
        Ok(self.change())
    }

    fn change(&self) -> Change {
        let certificate = self.certificate.as_ref().map_or(0, |one| one.serial());
        let authorities = self.carrier.remote.authorities().map_or(0, |one| one.serial());
        let now = [certificate, self.client.serial(), authorities];
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *seen, now);
        match (before, now) {
            _ if before == now => Change::Nothing,
            ([old, ..], [new, ..]) if old != new => Change::Certificate,
            _ => Change::Way,
        }
    }
}

impl<'c> AsyncHttpClient<'c> for Carrier {
    type Error = Unanswered;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Unanswered>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.carry(request))
    }
}

impl Carrier {
    async fn carry(&self, request: HttpRequest) -> Result<HttpResponse, Unanswered> {
        let (parts, body) = request.into_parts();
        let mut call = Request::new(parts.method, self.url.path());
        call.query = self.url.query().map(str::to_owned);
        call.headers = parts.headers;
        call.body = body.into();
        let answer = self.remote.call(call).await.map_err(|fault| {
            because(match fault.cause {
                Cause::UpstreamTimeout => "timeout",
                Cause::UpstreamUnreachable => "unreachable",
                _ => "cut_off",
            })
        })?;
        if answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS {
            let retry_after = retry_after(&answer.headers);
            return Err(Unanswered { outcome: "failed", retry_after });
        }
        let mut response = HttpResponse::new(answer.body.to_vec());
        *response.status_mut() = answer.status;
        if let Some(kind) = answer.headers.get(CONTENT_TYPE) {
            response.headers_mut().insert(CONTENT_TYPE, kind.clone());
        }
        Ok(response)
    }
}

/// The word for an error of RFC 6749 section 5.2.
fn refusal(said: &BasicErrorResponseType) -> &'static str {
    match said {
        BasicErrorResponseType::InvalidClient => "invalid_client",
        BasicErrorResponseType::InvalidGrant => "invalid_grant",
        BasicErrorResponseType::InvalidRequest => "invalid_request",
        BasicErrorResponseType::InvalidScope => "invalid_scope",
        BasicErrorResponseType::UnauthorizedClient => "unauthorized_client",
        BasicErrorResponseType::UnsupportedGrantType => "unsupported_grant_type",
        BasicErrorResponseType::Extension(_) => "refused",
    }
}

fn because(outcome: &'static str) -> Unanswered {
    Unanswered { outcome, retry_after: None }
}
