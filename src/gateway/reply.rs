//! The upstream's answer in the client's words, and the upstream's requests in its own.

use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, LOCATION};
use http::{Method, StatusCode};

use super::message::error::{read_error, speaks};
use super::message::list::Head;
use super::message::resource::{
    Frame, Location, error_in, read_answer, write_answer, write_request,
};
use super::message::version::version;
use super::message::{headers, list};
use super::pair::{Losses, Pair};
use super::route::Route;
use crate::fault::{Cause, Fault};
use crate::rewrite::program::LossCause;
use crate::rewrite::translate::Loss;
use crate::scim::document::{DocumentLimits, ParseError, parse};
use crate::scim::endpoint::{id_at, segment};
use crate::scim::http::{Request, Response};
use crate::scim::projection::{Projection, project};
use crate::scim::reading::{Old, Reading};
use crate::scim::schema::Operation;
use crate::scim::{Object, Value};

/// A resource that the upstream answered, in its own words; its texts may lie in that answer.
#[derive(Debug, Default)]
pub struct Stored<'a> {
    pub frame: Frame,
    /// As it was read: what is unreadable is not in it.
    pub object: Object<'a>,
    /// As it came, where that is not what was read.
    pub raw: Option<Object<'a>>,
    /// The version, where the upstream keeps them and its answer's header names it.
    pub etag: Option<HeaderValue>,
    /// The version that the client is told, if any.
    pub version: Option<HeaderValue>,
    /// What is unreadable, and is not shown.
    pub losses: Losses,
    /// Nobody has shown it: it is what is known of a write that was done.
    pub unseen: bool,
}

impl<'a> Stored<'a> {
    /// A resource and its frame, without a version.
    pub fn read(frame: Frame, reading: Reading<'a>) -> Self {
        let Reading { read, raw, unreadable } = reading;
        let cause = LossCause::Converted;
        let lifting = unreadable.iter().map(|path| Loss::new(path.as_str().into(), cause));
        let losses = Losses { lifting: lifting.collect(), lowering: Vec::new() };
        Self { frame, object: read, raw, losses, ..Self::default() }
    }

    /// The same, for who keeps it longer than the answer.
    pub fn into_owned(self) -> Stored<'static> {
        let Self { frame, object, raw, etag, version, losses, unseen } = self;
        let (object, raw) = (object.into_owned(), raw.map(Object::into_owned));
        Stored { frame, object, raw, etag, version, losses, unseen }
    }

    /// What the upstream said, also what cannot be read.
    pub fn said(&self) -> &Object<'a> {
        self.raw.as_ref().unwrap_or(&self.object)
    }

    /// Both forms, for put.
    pub fn old(&self) -> Old<'_> {
        Old { read: &self.object, raw: self.raw.as_ref() }
    }
}

/// A page of resources, in the upstream's words.
#[derive(Debug)]
pub struct StoredPage {
    pub total: Option<usize>,
    /// One-based; 1 where the upstream does not say.
    pub start_index: usize,
    /// The upstream's own (RFC 9865 section 2).
    pub next_cursor: Option<String>,
    pub previous_cursor: Option<String>,
    pub resources: Vec<Stored<'static>>,
}

impl Route {
    /// A request to the upstream on a resource type.
    pub fn call(&self, pair: &Pair, method: Method, id: Option<&str>, below: &str) -> Request {
        let mut path = format!("{}/{}", self.upstream_base, pair.upstream_resource.path);
        if let Some(id) = id {
            path.push('/');
            path.push_str(&segment(id));
        }
        path.push_str(below);
        let mut request = Request::new(method, path);
        request.headers.insert(ACCEPT, self.media_type());
        request
    }

    /// A request with a body in the upstream's frame.
    pub fn call_with(
        &self,
        pair: &Pair,
        operation: Operation,
        id: Option<&str>,
        object: &Object<'_>,
    ) -> Request {
        let method = match operation {
            Operation::Replace => Method::PUT,
            Operation::Patch => Method::PATCH,
            _ => Method::POST,
        };
        let mut request = self.call(pair, method, id, "");
        request.body = write_request(&pair.upstream_resource, operation, id, object).into();
        request.headers.insert(CONTENT_TYPE, self.media_type());
        request
    }

    fn media_type(&self) -> HeaderValue {
        headers::media_type(&self.spec.upstream)
    }

    /// Fails with the upstream's error, in our words. What it took to do later (202) is not done.
    ///
    /// # Errors
    /// Every status but those that say that something was done.
    pub fn success(&self, operation: Operation, response: &Response) -> Result<(), Fault> {
        match response.status.as_u16() {
            200 | 201 | 203..=205 => Ok(()),
            _ => Err(read_error(&self.spec.upstream, operation, response)),
        }
    }

    /// One resource from a successful answer; the inner fault is of what cannot be read as one.
    ///
    /// # Errors
    /// The upstream's error, where the body is one whatever the status says.
    pub fn answered<'r>(
        &self,
        pair: &Pair,
        operation: Operation,
        response: &'r Response,
    ) -> Result<Result<Stored<'r>, Fault>, Fault> {
        let body = match self.body(response) {
            Ok(body) => body,
            Err(unreadable) => return Ok(Err(unreadable)),
        };
        let (dialect, resource) = (&self.spec.upstream, &pair.upstream_resource);
        match error_in(dialect, resource, operation, response, &body) {
            Some(fault) => Err(fault),
            None => Ok(self.read(pair, operation, response, body)),
        }
    }

    /// As [`answered`](Self::answered), for who cannot do without the resource.
    ///
    /// # Errors
    /// Also `UpstreamNotJson` and `UpstreamUnexpected`.
    pub fn stored<'r>(
        &self,
        pair: &Pair,
        operation: Operation,
        response: &'r Response,
    ) -> Result<Stored<'r>, Fault> {
        self.answered(pair, operation, response)?
    }

    /// The id that an answer's `Location` names.
    pub fn located_id(&self, pair: &Pair, response: &Response) -> Option<String> {
        let url = response.headers.get(LOCATION)?.to_str().ok()?;
        Some(id_at(url, &pair.upstream_resource.path)?.as_str().to_owned())
    }

    /// Whether the answer to a DELETE leaves doubt: it says anything beside the resource that went, or is
    /// no answer of the upstream's.
    ///
    /// # Errors
    /// The upstream's error, where the body is one whatever the status says.
    pub fn is_doubtful(&self, pair: &Pair, response: &Response) -> Result<bool, Fault> {
        if response.body.is_empty() {
            return Ok(false);
        }
        let Ok(body) = self.body(response) else { return Ok(true) };
        let (dialect, resource) = (&self.spec.upstream, &pair.upstream_resource);
        match error_in(dialect, resource, Operation::Delete, response, &body) {
            Some(fault) => Err(fault),
            None => Ok(speaks(dialect, response) || says_more(pair, body)),
        }
    }

    fn read<'r>(
        &self,
        pair: &Pair,
        operation: Operation,
        response: &Response,
        body: Value<'r>,
    ) -> Result<Stored<'r>, Fault> {
        let (frame, object) = read_answer(&pair.upstream_resource, operation, body)?;
        let keeps = pair.upstream_resource.etag && !self.makes_versions();
        let etag = version(response).filter(|_| keeps);
        let stored = Stored { etag, ..Stored::read(frame, pair.receive(object)) };
        Ok(self.versioned(pair, stored, false))
    }

    /// A page from a successful answer.
    ///
    /// # Errors
    /// As [`stored`](Self::stored): one resource that cannot be read fails its whole list (6f.8).
    pub fn page(&self, pair: &Pair, response: &Response) -> Result<StoredPage, Fault> {
        let body = self.body(response)?;
        let (dialect, resource) = (&self.spec.upstream, &pair.upstream_resource);
        if let Some(fault) = error_in(dialect, resource, Operation::List, response, &body) {
            return Err(fault);
        }
        let list::Page { total, start_index, next_cursor, previous_cursor, resources } =
            list::read_list(&pair.upstream_resource, body)?;
        let resources = resources
            .into_iter()
            .map(|resource| {
                let (frame, object) =
                    read_answer(&pair.upstream_resource, Operation::List, resource)?;
                let stored = Stored::read(frame, pair.receive(object)).into_owned();
                Ok(self.versioned(pair, stored, true))
            })
            .collect::<Result<_, Fault>>()?;
        Ok(StoredPage { total, start_index, next_cursor, previous_cursor, resources })
    }

    fn body<'b>(&self, response: &'b Response) -> Result<Value<'b>, Fault> {
        headers::check_answer(response)?;
        // How much an upstream answers is bounded by bytes alone.
        let limits = DocumentLimits::depth(self.spec.policies.max_depth);
        parse(&response.body, &limits).map_err(|error| {
            Fault::new(
                Cause::UpstreamNotJson,
                "The upstream's answer is not valid JSON. Ask whoever runs the upstream.",
            )
            .with_log(unnamed(&error))
        })
    }

    /// A resource as the client's dialect shows it, as JSON text.
    pub fn shown(
        &self,
        pair: &Pair,
        operation: Operation,
        stored: &Stored,
        projection: &Projection,
        losses: &mut Losses,
    ) -> Vec<u8> {
        let lifted = pair.lift(&stored.object);
        let mut view = pair.show(&lifted.object);
        if pair.hides_undeclared {
            view.losses.extend(pair.hide_undeclared(&mut view.object));
        }
        losses.lifting.extend(lifted.losses.into_iter().chain(stored.losses.lifting.clone()));
        losses.lowering.extend(view.losses.into_iter().chain(stored.losses.lowering.clone()));
        let place = Location { base: &self.public_base, resources: &self.spec.client.resources };
        let frame = &stored.frame;
        let mut object = write_answer(&pair.client_resource, operation, frame, view.object, &place);
        let envelope = pair.client_resource.envelope.iter().find(|(of, _)| *of == operation);
        let inner = match envelope {
            Some((_, name)) => object.get_mut(name).and_then(Value::as_object_mut),
            None => Some(&mut object),
        };
        let whole = |inner: &Object<'_>| {
            *projection == Projection::Default
                && !pair.hidden.iter().any(|name| inner.contains(name))
        };
        if let Some(inner) = inner.filter(|inner| !whole(inner)) {
            project(inner, &pair.client.vendor, projection);
        }
        object.to_json()
    }

    /// The answer with one resource.
    pub fn answer(
        &self,
        pair: &Pair,
        operation: Operation,
        stored: &Stored,
        projection: &Projection,
        losses: &mut Losses,
    ) -> Response {
        let body = self.shown(pair, operation, stored, projection, losses);
        let id = stored.frame.id.as_deref();
        let place = Location { base: &self.public_base, resources: &self.spec.client.resources };
        let created = operation == Operation::Create;
        let status = if created { StatusCode::CREATED } else { StatusCode::OK };
        let location = id.filter(|_| created).map(|id| place.of(&pair.client_resource, id));
        let version = stored.version.as_ref().and_then(|tag| tag.to_str().ok());
        headers::answer(&self.spec.client, status, location.as_deref(), version, body)
    }

    /// The answer with a list of resources, each as JSON text.
    pub fn answer_list(
        &self,
        head: &Head,
        resources: impl IntoIterator<Item = Vec<u8>>,
    ) -> Response {
        let body = list::write_list(head, resources);
        headers::answer(&self.spec.client, StatusCode::OK, None, None, body)
    }

    /// The answer to a DELETE: the client dialect's status.
    pub fn answer_deleted(&self, pair: &Pair) -> Response {
        let status = StatusCode::from_u16(pair.client_resource.delete_status);
        let status = status.unwrap_or(StatusCode::NO_CONTENT);
        let body = if status == StatusCode::NO_CONTENT { "" } else { "{}" };
        headers::answer(&self.spec.client, status, None, None, body)
    }

    /// The client's body as a JSON tree.
    ///
    /// # Errors
    /// `NotAcceptable`, `BadBody`.
    pub fn document<'b>(&self, request: &'b Request) -> Result<Value<'b>, Fault> {
        headers::check_request(&request.headers)?;
        parse(&request.body, &self.spec.policies.limits()).map_err(|error| match error {
            ParseError::TooMany { .. } => Fault::new(Cause::InvalidValue, error.to_string()),
            error => {
                let detail =
                    format!("The body cannot be read: {error} Correct it and send it again.");
                Fault::new(Cause::BadBody, detail)
            }
        })
    }
}

/// Whether the body of an answer to a DELETE says anything, and is not the resource that went.
fn says_more(pair: &Pair, body: Value<'_>) -> bool {
    let read = read_answer(&pair.upstream_resource, Operation::Delete, body);
    read.map_or(true, |(frame, object)| frame.id.is_none() && !object.is_empty())
}

/// Why a body cannot be read, without a name of its own: that may be somebody's.
fn unnamed(error: &ParseError) -> String {
    match error {
        ParseError::Duplicate { line, column, .. } => {
            format!("A member is there twice in one object, at line {line}, column {column}.")
        }
        error => error.to_string(),
    }
}
