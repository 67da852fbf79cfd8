//! A sandbox with short calls.

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method};
use scim_gateway::sandbox::{Options, Sandbox, Vendor};
use scim_gateway::scim::http::{Request, Response};
use serde_json::Value;

pub struct Service {
    pub sandbox: Sandbox,
    token: &'static str,
    media: &'static str,
}

/// An answer, read.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Service {
    pub fn new(vendor: Vendor) -> Self {
        Self::with(vendor, |_| {})
    }

    pub fn with(vendor: Vendor, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::of(vendor);
        change(&mut options);
        let media =
            if vendor == Vendor::Scim { "application/scim+json" } else { "application/json" };
        Self { sandbox: Sandbox::new(vendor, options), token: "project:key", media }
    }

    pub fn get(&self, target: &str) -> Answer {
        self.send(Method::GET, target, None, &[])
    }

    pub fn delete(&self, target: &str) -> Answer {
        self.send(Method::DELETE, target, None, &[])
    }

    pub fn post(&self, target: &str, body: Value) -> Answer {
        self.send(Method::POST, target, Some(body), &[])
    }

    pub fn put(&self, target: &str, body: Value) -> Answer {
        self.send(Method::PUT, target, Some(body), &[])
    }

    pub fn patch(&self, target: &str, operations: Value) -> Answer {
        let body = serde_json::json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": operations,
        });
        self.send(Method::PATCH, target, Some(body), &[])
    }

    pub fn send(
        &self,
        method: Method,
        target: &str,
        body: Option<Value>,
        headers: &[(&'static str, &str)],
    ) -> Answer {
        let (path, query) = target.split_once('?').map_or((target, None), |(p, q)| (p, Some(q)));
        let mut request = Request::new(method, path);
        request.query = query.map(str::to_owned);
        let bearer = format!("Bearer {}", self.token);
        request.headers.insert(AUTHORIZATION, bearer.parse().unwrap());
        if let Some(body) = body {
            request.headers.insert(CONTENT_TYPE, self.media.parse().unwrap());
            request.body = body.to_string().into();
        }
        for (name, value) in headers {
            match value.is_empty() {
                true => request.headers.remove(*name),
                false => request.headers.insert(*name, value.parse().unwrap()),
            };
        }
        read(self.sandbox.answer(&request))
    }

    /// Asserts that nothing so far was foreign.
    pub fn clean(&self) {
        assert_eq!(self.sandbox.foreign(), Vec::<String>::new());
    }

    /// Asserts a refusal that is remembered as foreign.
    pub fn foreign(&self, answer: &Answer, status: u16) {
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(!self.sandbox.foreign().is_empty(), "not remembered: {}", answer.body);
    }
}

impl Answer {
    pub fn id(&self) -> String {
        self.body["id"].as_str().unwrap().to_owned()
    }
}

fn read(response: Response) -> Answer {
    let body = match response.body.is_empty() {
        true => Value::Null,
        false => serde_json::from_slice(&response.body).unwrap(),
    };
    Answer { status: response.status.as_u16(), headers: response.headers, body }
}
