//! One simulated service: answers requests, remembers them, and tells what it holds.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::call::Call;
use super::options::{Options, Vendor};
use super::reply::VendorRefusal;
use super::store::Desk;
use super::{descope, omni, pingone, scim};
use crate::exchange::Upstream;
use crate::fault::Fault;
use crate::scim::http::{Request, Response};

/// The most sentences about foreign requests that are kept.
const FOREIGN: usize = 1_000;

/// A vendor's service in this process.
pub struct Sandbox {
    vendor: Vendor,
    state: Mutex<State>,
}

/// A request as it came, without its authorization.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub method: Method,
    pub path: String,
    pub query: Option<String>,
    pub headers: HeaderMap,
    pub body: Bytes,
}

struct State {
    desk: Desk,
    requests: VecDeque<Recorded>,
    foreign: Vec<String>,
}

impl Sandbox {
    pub fn new(vendor: Vendor, options: Options) -> Self {
        let state =
            State { desk: Desk::new(options), requests: VecDeque::new(), foreign: Vec::new() };
        Self { vendor, state: Mutex::new(state) }
    }

    pub fn vendor(&self) -> Vendor {
        self.vendor
    }

    /// Answers one request, whatever it is.
    pub fn answer(&self, request: &Request) -> Response {
        let mut state = self.lock();
        state.record(request);
        let answer = self.dispatch(&mut state.desk, &Call::new(request));
        answer.unwrap_or_else(|refusal| {
            if refusal.is_foreign() && state.foreign.len() < FOREIGN {
                let Request { method, path, .. } = request;
                state.foreign.push(format!("{method} {path}: {}", refusal.text));
            }
            self.error(&mut state.desk, &refusal)
        })
    }

    /// Stores a user in the vendor's complete form, with the hidden attributes where it lacks them,
    /// and tells its id: its own `id` or a new one. What is not an object is an empty user.
    pub fn seed(&self, user: Value) -> String {
        let mut state = self.lock();
        let (id, body) = self.stored_form(&mut state.desk, user);
        // A full sandbox has nothing to tell about it.
        let _ = state.desk.add_user(id.clone(), body);
        id
    }

    /// What every user from now on gets beside what is said of it.
    pub(super) fn hide(&self, hidden: Value) {
        self.lock().desk.options.hidden = hidden;
    }

    /// Stores a group in the vendor's complete form and tells its id.
    pub fn seed_group(&self, group: Value) -> String {
        let mut state = self.lock();
        let (id, body) = self.stored_form(&mut state.desk, group);
        let _ = state.desk.add_group(id.clone(), body);
        id
    }

    /// Every live user as the vendor would show it, oldest first, without envelope.
    pub fn users(&self) -> Vec<Value> {
        let state = self.lock();
        let desk = &state.desk;
        let view = |entry| match self.vendor {
            Vendor::Omni => omni::view_user(desk, entry, false),
            Vendor::PingOne | Vendor::Descope | Vendor::Scim => {
                scim::view(desk, entry, scim::Type::User)
            }
        };
        desk.users.iter().map(view).collect()
    }

    /// Every live group as the vendor would show it, oldest first.
    pub fn groups(&self) -> Vec<Value> {
        let state = self.lock();
        let desk = &state.desk;
        let view = |entry| match self.vendor {
            Vendor::Omni => omni::view_group(desk, entry),
            Vendor::Descope => descope::view_group(desk, entry),
            Vendor::PingOne | Vendor::Scim => scim::view(desk, entry, scim::Type::Group),
        };
        desk.groups.iter().map(view).collect()
    }

    /// What was received, oldest first; the oldest are forgotten beyond [`Options::remember`].
    pub fn requests(&self) -> Vec<Recorded> {
        self.lock().requests.iter().cloned().collect()
    }

    /// A sentence for every request that held something the vendor does not document.
    pub fn foreign(&self) -> Vec<String> {
        self.lock().foreign.clone()
    }

    /// Ids of users whose deactivation the vendor does not undo.
    pub fn irreversible(&self) -> Vec<String> {
        self.lock().desk.irreversible.clone()
    }

    /// Whether every live user still has all its hidden attributes.
    ///
    /// # Errors
    /// The first user and place that changed.
    pub fn hidden_unchanged(&self) -> Result<(), String> {
        self.check_hidden(|_| true)
    }

    /// As [`Self::hidden_unchanged`], for these top-level attributes only.
    ///
    /// # Errors
    /// The first user and place that changed.
    pub fn hidden_unchanged_at(&self, names: &[&str]) -> Result<(), String> {
        self.check_hidden(|name| names.contains(&name))
    }

    /// What the sandbox accepts; a colon within, as one vendor demands, hurts no other.
    fn authorization(&self) -> HeaderValue {
        let state = self.lock();
        let token = state.desk.options.token.as_deref().unwrap_or("project:key");
        HeaderValue::from_str(&format!("Bearer {token}"))
            .unwrap_or_else(|_| HeaderValue::from_static("Bearer"))
    }

    fn check_hidden(&self, wanted: impl Fn(&str) -> bool) -> Result<(), String> {
        let state = self.lock();
        for user in state.desk.users.iter() {
            let hidden = user.hidden.as_object().into_iter().flatten();
            for (name, value) in hidden.filter(|(name, _)| wanted(name)) {
                differs(user.body.get(name), value, name)
                    .map_or(Ok(()), |place| Err(format!("user {}: `{place}` changed", user.id)))?;
            }
        }
        Ok(())
    }

    fn dispatch(&self, desk: &mut Desk, call: &Call<'_>) -> Result<Response, VendorRefusal> {
        match self.vendor {
            Vendor::Omni => omni::answer(desk, call),
            Vendor::PingOne => pingone::answer(desk, call),
            Vendor::Descope => descope::answer(desk, call),
            Vendor::Scim => scim::answer(desk, call),
        }
    }

    fn error(&self, desk: &mut Desk, refusal: &VendorRefusal) -> Response {
        match self.vendor {
            Vendor::Omni => omni::error(refusal),
            Vendor::PingOne => pingone::error(desk, refusal),
            Vendor::Descope => descope::error(refusal),
            Vendor::Scim => scim::error(refusal),
        }
    }

    /// The id and the stored members of a resource in the vendor's complete form.
    fn stored_form(&self, desk: &mut Desk, resource: Value) -> (String, Map<String, Value>) {
        let Value::Object(mut body) = resource else {
            return (desk.next_id().to_string(), Map::new());
        };
        let id = match body.remove("id") {
            Some(Value::String(id)) => id,
            _ => desk.next_id().to_string(),
        };
        let derived: &[&str] = match self.vendor {
            Vendor::Omni => &["meta", "schemas", "emails", "groups", omni::USER],
            Vendor::PingOne | Vendor::Scim => &["meta", "schemas", "groups"],
            Vendor::Descope => &["meta", "schemas", "detail", "status"],
        };
        body.retain(|name, _| !derived.contains(&name.as_str()));
        (id, body)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in another test's thread leaves nothing half-written that matters.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Upstream for Sandbox {
    /// Adds the authorization, as every upstream does, where the request brings none.
    async fn call_by(&self, request: &Request, _: Instant) -> Result<Response, Fault> {
        let mut request = request.clone();
        if !request.headers.contains_key(AUTHORIZATION) {
            request.headers.insert(AUTHORIZATION, self.authorization());
        }
        Ok(self.answer(&request))
    }
}

impl State {
    fn record(&mut self, request: &Request) {
        let mut headers = request.headers.clone();
        headers.remove(AUTHORIZATION);
        self.requests.push_back(Recorded {
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers,
            body: request.body.clone(),
        });
        while self.requests.len() > self.desk.options.remember {
            self.requests.pop_front();
        }
    }
}

/// The first place where `there` lacks or changes something of `wanted`.
fn differs(there: Option<&Value>, wanted: &Value, at: &str) -> Option<String> {
    match (there, wanted) {
        (Some(Value::Object(there)), Value::Object(wanted)) => wanted
            .iter()
            .find_map(|(name, value)| differs(there.get(name), value, &format!("{at}.{name}"))),
        (Some(there), wanted) if there == wanted => None,
        _ => Some(at.to_owned()),
    }
}
