//! The answer to a client: one resource, a list, or that one went.

use http::StatusCode;

use super::stored::Stored;
use crate::gateway::message::{Head, Location, respond, write_answer, write_list};
use crate::gateway::pair::{Losses, Pair};
use crate::gateway::route::Route;
use crate::scim::http::Response;
use crate::scim::projection::{Projection, project};
use crate::scim::schema::Operation;
use crate::scim::{Object, Value};

impl Route {
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
        respond(&self.spec.client, status, location.as_deref(), version, body)
    }

    /// The answer with a list of resources, each as JSON text.
    pub fn answer_list(
        &self,
        head: &Head,
        resources: impl IntoIterator<Item = Vec<u8>>,
    ) -> Response {
        let body = write_list(head, resources);
        respond(&self.spec.client, StatusCode::OK, None, None, body)
    }

    /// The answer to a DELETE: the client dialect's status.
    pub fn answer_deleted(&self, pair: &Pair) -> Response {
        let status = StatusCode::from_u16(pair.client_resource.delete_status);
        let status = status.unwrap_or(StatusCode::NO_CONTENT);
        let body = if status == StatusCode::NO_CONTENT { "" } else { "{}" };
        respond(&self.spec.client, status, None, None, body)
    }
}
