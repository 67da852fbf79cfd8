//! `translate`: one user through a route, without any upstream.
//!
//! The same exchange runs as in the server; its upstream is a stand-in that keeps what it is sent.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use clap::ValueEnum;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};
use tokio::time::Instant;

use super::load::load;
use super::output::{complain, mistakes, say};
use super::{Configured, Format, run};
use crate::exchange::{self, Outcome, Shared, Upstream};
use crate::fault::{Cause, Fault};
use crate::gateway::Route;
use crate::scim::http::{Request, Response};

/// The largest file, in bytes.
const LARGEST: u64 = 16 << 20;

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    configured: Configured,
    /// The route's name, as `check` prints it.
    #[arg(long, short)]
    route: String,
    /// Whose words the user is in, and so which way it goes.
    #[arg(long, value_enum, default_value_t = Sender::Client)]
    from: Sender,
    /// A file with one user as JSON; standard input where there is none.
    file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Sender {
    /// A create by the client: prints what the upstream would be sent.
    Client,
    /// A user that the upstream has: prints what the client would be answered.
    Upstream,
}

/// Keeps what it is sent and answers with the given user, or not at all.
struct StandIn {
    sent: Mutex<Option<Request>>,
    answer: Option<Bytes>,
}

#[async_trait]
impl Upstream for StandIn {
    async fn call(&self, request: Request) -> Result<Response, Fault> {
        if let Ok(mut sent) = self.sent.lock() {
            *sent = Some(request);
        }
        let body = self.answer.clone().ok_or_else(|| {
            Fault::new(Cause::UpstreamUnreachable, "translate makes no call to an upstream")
        })?;
        let mut response = Response::new(StatusCode::OK);
        response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
        response.body = body;
        Ok(response)
    }
}

pub(super) fn translate(options: &Options, format: Format) -> ExitCode {
    let loaded = match load(&options.configured.config) {
        Ok(loaded) => loaded,
        Err(found) => {
            mistakes(&found, format);
            return ExitCode::FAILURE;
        }
    };
    let routes = loaded.gateway.routes();
    let Some(route) = routes.iter().find(|route| route.spec.name == options.route) else {
        let names: Vec<_> = routes.iter().map(|route| route.spec.name.as_str()).collect();
        complain(&format!("no route `{}`; there are: {}", options.route, names.join(" ")));
        return ExitCode::from(2);
    };
    match input(options.file.as_ref()).and_then(|body| one(route, body, options.from)) {
        Ok(told) => {
            say(&told);
            ExitCode::SUCCESS
        }
        Err(why) => {
            complain(&why);
            ExitCode::FAILURE
        }
    }
}

fn input(file: Option<&PathBuf>) -> Result<Bytes, String> {
    let mut body = Vec::new();
    let read = match file {
        Some(path) => {
            std::fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut body))
        }
        None => std::io::stdin().take(LARGEST).read_to_end(&mut body),
    };
    read.map(|_| body.into()).map_err(|error| format!("the user cannot be read: {error}"))
}

/// Runs the exchange and tells, as JSON, the message on the other side and the losses.
fn one(route: &Route, body: Bytes, from: Sender) -> Result<String, String> {
    let path = run::users_path(&route.spec);
    let (request, answer) = match from {
        Sender::Client => {
            let mut request = Request::new(Method::POST, path);
            request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
            request.body = body;
            (request, None)
        }
        Sender::Upstream => {
            (Request::new(Method::GET, format!("{path}/{}", id(&body))), Some(body))
        }
    };
    let stand_in = StandIn { sent: Mutex::default(), answer };
    let outcome = exchanged(route, request, &stand_in)?;
    let sent = stand_in.sent.into_inner().ok().flatten();
    let shown = match (from, sent) {
        (Sender::Client, Some(sent)) => sent.body,
        (Sender::Upstream, _) if outcome.response.status == StatusCode::OK => outcome.response.body,
        _ => return Err(String::from_utf8_lossy(&outcome.response.body).into_owned()),
    };
    let message: serde_json::Value =
        serde_json::from_slice(&shown).map_err(|error| error.to_string())?;
    let losses: Vec<_> =
        outcome.record.losses.iter().map(|loss| (&loss.place, loss.cause)).collect();
    let told = serde_json::json!({ "message": message, "losses": losses });
    serde_json::to_string_pretty(&told).map_err(|error| error.to_string())
}

fn exchanged(route: &Route, request: Request, upstream: &StandIn) -> Result<Outcome, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    Ok(runtime.block_on(async {
        let deadline = Instant::now() + Duration::from_secs(10);
        exchange::run(route, request, upstream, &Shared::default(), deadline).await
    }))
}

/// The user's own id where it can stand in a path as it is.
fn id(body: &[u8]) -> String {
    let user: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let plain =
        |id: &&str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    user.get("id").and_then(serde_json::Value::as_str).filter(plain).unwrap_or("1").to_owned()
}
