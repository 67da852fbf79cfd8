//! What `run` prints of each route: what it is, and curl commands that work when they are pasted.

use http::Method;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use super::translate::create;
use crate::config::{Auth, Config, Mode, Proof, Route, Target, Upstream};
use crate::gateway::message::write_request;
use crate::gateway::pair::Kind;
use crate::gateway::{self, Gateway};
use crate::scim::Value;
use crate::scim::schema::{Attribute, Operation};

/// The token of the shipped `config.toml`. It is no secret.
const DEMO_TOKEN: &str = "demo-token";

/// The lines of all routes.
pub(super) fn invitations(config: &Config, gateway: &Gateway) -> Vec<String> {
    let routes = config.routes.iter().zip(gateway.routes());
    routes
        .flat_map(|(route, made)| {
            invitation(route, config.upstreams.get(&route.upstream.name), made)
        })
        .collect()
}

/// A line that says in words what the route is, and one that lists users. Where nobody real is behind
/// it, a line that creates one, too.
fn invitation(route: &Route, upstream: Option<&Upstream>, made: &gateway::Route) -> Vec<String> {
    let spec = &made.spec;
    let sandbox = upstream.is_some_and(|upstream| matches!(upstream.target, Target::Sandbox(_)));
    let (client, target) = (&spec.client.title, &spec.upstream.title);
    let simulated = if sandbox { ", simulated" } else { "" };
    let how = match route.mode {
        Mode::Translate => {
            format!("clients speak {client}, the upstream `{}` is {target}", spec.upstream_name)
        }
        Mode::Passthrough => format!("{client}, passed on unread to `{}`", spec.upstream_name),
    };
    let mut lines = vec![format!("# {}: {how}{simulated}", spec.name), curl(route, made, None)];
    lines.extend(newcomer(made).filter(|_| sandbox).map(|user| curl(route, made, Some(&user))));
    lines
}

/// A curl command for the users of a route: a list, or a new one.
fn curl(route: &Route, made: &gateway::Route, user: Option<&str>) -> String {
    let spec = &made.spec;
    let users = spec.client.resources.iter().find(|resource| resource.schema.resource == "User");
    let url = format!("{}/{}", made.public_base, users.map_or("", |users| users.path.as_str()));
    let host = spec.host.as_ref().map(|host| format!("-H 'Host: {host}' ")).unwrap_or_default();
    let token = match &route.auth {
        Auth::None => String::new(),
        Auth::Forward => "-H \"Authorization: $AUTHORIZATION\" ".to_owned(),
        Auth::Listed(known) => known.first().map_or_else(String::new, |first| shown(&first.proof)),
    };
    let body = user.map(|user| {
        let media = &spec.client.media_type;
        format!("-X {} -H 'Content-Type: {media}' -d '{user}' ", Method::POST)
    });
    format!("curl {host}{token}{}{url}", body.unwrap_or_default())
}

/// What curl shows for the first credential of a route.
fn shown(proof: &Proof) -> String {
    let demo: [u8; 32] = Sha256::digest(DEMO_TOKEN).into();
    match proof {
        Proof::Bearer(sha256) if *sha256 == demo => {
            format!("-H \"Authorization: Bearer {DEMO_TOKEN}\" ")
        }
        Proof::Bearer(_) | Proof::Jwt(_) => "-H \"Authorization: Bearer $TOKEN\" ".to_owned(),
        Proof::Assertion(_) => "-H \"Authorization: Bearer $ASSERTION\" ".to_owned(),
        Proof::AccessKey { project, .. } => {
            format!("-H \"Authorization: Bearer {project}:$KEY\" ")
        }
        Proof::Basic(_) => "-u \"$USER:$PASSWORD\" ".to_owned(),
        Proof::Certificate(_) => "--cert client.pem --key client-key.pem ".to_owned(),
    }
}

/// The body that creates a user, in the words of the client's dialect: what it shows of an example and takes in a
/// create. Named after the route: several may have one upstream. `None` where the route would refuse it.
fn newcomer(route: &gateway::Route) -> Option<String> {
    let pair = route.pair(Kind::User)?;
    let name = &route.spec.name;
    let own: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let address = format!("{}@corp.example", own.trim_matches('-').to_lowercase());
    let example = Value::from(json!({
        "userName": address,
        "displayName": "Cleo Ng",
        "name": {"givenName": "Cleo", "familyName": "Ng"},
        "emails": [{"value": address, "type": "work", "primary": true}],
        "active": true,
    }));
    let shown = pair.show(example.as_object()?).object;
    let shown = serde_json::from_slice(&shown.to_json()).ok()?;
    let taken = Value::from(taken(shown, &pair.client.vendor.attributes)?);
    let body = write_request(&pair.client_resource, Operation::Create, None, taken.as_object()?);
    create(route, pair, &body).ok()?;
    String::from_utf8(body).ok()
}

/// The members that a create may hold.
fn taken(value: Json, attributes: &[Attribute]) -> Option<Json> {
    match value {
        Json::Object(members) => {
            let kept = members.into_iter().filter_map(|(name, value)| {
                let known =
                    attributes.iter().find(|known| known.name.eq_ignore_ascii_case(&name))?;
                let accepted = known.accepted.has(Operation::Create);
                let inner = if known.attributes.is_empty() {
                    Some(value)
                } else {
                    taken(value, &known.attributes)
                };
                Some((name, inner.filter(|_| accepted)?))
            });
            let kept: Map<String, Json> = kept.collect();
            (!kept.is_empty()).then_some(Json::Object(kept))
        }
        Json::Array(elements) => {
            let kept: Vec<Json> =
                elements.into_iter().filter_map(|element| taken(element, attributes)).collect();
            (!kept.is_empty()).then_some(Json::Array(kept))
        }
        value => Some(value),
    }
}
