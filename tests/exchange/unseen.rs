//! What answers leave out (RFC 7643 section 7, `returned`): what a client of such a dialect does not say
//! stays, and no operation is told as done whose outcome nothing that is read can show.

use std::sync::Arc;

use http::Method;
use scim_gateway::diagnostic::Source;
use scim_gateway::dialect::{Clear, Put};
use scim_gateway::gateway::RouteSpec;
use scim_gateway::rewrite::parse;
use scim_gateway::scim::schema::{Attribute, Returned};
use serde_json::{Value as Json, json};

use crate::harness::{body, spec};
use crate::scripted::{Line, answer};

/// The attribute at a path is shown on request only.
fn on_request(attributes: &mut [Attribute], path: &[&str]) {
    let Some((first, rest)) = path.split_first() else { return };
    for attribute in attributes.iter_mut().filter(|attribute| attribute.name == *first) {
        match rest {
            [] => attribute.returned = Returned::Request,
            rest => on_request(&mut attribute.attributes, rest),
        }
    }
}

/// Users of the upstream, which has no PATCH where it is said, with these places on request only.
fn upstream(places: &[&[&str]], patches: bool) -> RouteSpec {
    let mut spec = spec("scim", "scim");
    let mut dialect = spec.upstream.as_ref().clone();
    for resource in dialect.resources.iter_mut().filter(|r| r.schema.resource == "User") {
        places.iter().for_each(|place| on_request(&mut resource.schema.attributes, place));
        if !patches {
            resource.patch = None;
        }
    }
    spec.upstream = Arc::new(dialect);
    spec
}

/// The same of the client's dialect.
fn client(places: &[&[&str]]) -> RouteSpec {
    let mut spec = spec("scim", "scim");
    let mut dialect = spec.client.as_ref().clone();
    for resource in dialect.resources.iter_mut().filter(|r| r.schema.resource == "User") {
        places.iter().for_each(|place| on_request(&mut resource.schema.attributes, place));
    }
    spec.client = Arc::new(dialect);
    spec
}

fn user(more: Json) -> Json {
    let mut user = json!({"id": "1", "userName": "ann"});
    if let (Some(user), Json::Object(more)) = (user.as_object_mut(), more) {
        user.extend(more);
    }
    user
}

fn line(spec: RouteSpec, stored: &Json) -> Line {
    let stored = stored.to_string();
    Line::with(spec, move |_, _| answer(200, &[], &stored))
}

fn writes(line: &Line) -> Vec<Json> {
    let calls = line.calls();
    let writes = calls.iter().filter(|call| call.method != Method::GET);
    writes.map(|call| serde_json::from_slice(&call.body).unwrap_or(Json::Null)).collect()
}

async fn patch(line: &Line, operations: Json) -> (u16, Json) {
    let text = json!({"Operations": operations}).to_string();
    let outcome = line.send("PATCH", "/Users/1", &[], text.as_bytes()).await;
    (outcome.response.status.as_u16(), body(&outcome))
}

// Removed from a view that never showed it, it would stay, and be told as gone.
#[tokio::test]
async fn what_is_not_read_is_not_removed_by_reading() {
    let places: [&[&str]; 4] =
        [&["nickName"], &["name", "middleName"], &["emails", "display"], &["entitlements"]];
    for operation in [
        json!({"op": "remove", "path": "nickName"}),
        json!({"op": "replace", "path": "nickName", "value": null}),
        json!({"op": "remove", "path": "name"}),
        json!({"op": "remove", "path": "name.middleName"}),
        json!({"op": "remove", "path": "emails[type eq \"work\"].display"}),
        json!({"op": "remove", "path": "emails[display eq \"Ann\"]"}),
        json!({"op": "replace", "path": "emails[display eq \"Ann\"].value", "value": "b@x.example"}),
        json!({"op": "add", "path": "entitlements", "value": [{"value": "e"}]}),
        json!({"op": "remove", "path": "entitlements[value eq \"e\"]"}),
    ] {
        let stored = user(json!({"name": {"givenName": "Ann"}, "title": "x",
            "emails": [{"value": "a@x.example", "type": "work"}]}));
        let line = line(upstream(&places, false), &stored);
        let (status, error) = patch(&line, json!([operation])).await;
        assert_eq!(status, 501, "{operation} {error}");
        assert!(writes(&line).is_empty(), "{operation}");
    }
    // What says all that there is to say goes.
    let line = line(upstream(&[&["nickName"]], false), &user(json!({"title": "x"})));
    let (status, error) =
        patch(&line, json!([{"op": "add", "path": "nickName", "value": "n"}])).await;
    assert_eq!((status, writes(&line)[0]["nickName"].as_str()), (200, Some("n")), "{error}");
}

// A list that is told whole would be told without what its elements hide.
#[tokio::test]
async fn a_list_whose_elements_hide_something_is_not_told_whole() {
    let stored = user(json!({"emails": [{"value": "a@x.example", "type": "work"}]}));
    let route = || upstream(&[&["emails", "display"]], true);
    for emails in [
        json!([{"value": "a@x.example", "type": "home"}]),
        json!([{"value": "a@x.example", "type": "work"}, {"value": "b@x.example"}]),
    ] {
        let line = line(route(), &stored);
        let put = user(json!({"emails": emails})).to_string();
        let outcome = line.send("PUT", "/Users/1", &[], put.as_bytes()).await;
        assert_eq!(outcome.response.status, 501, "{emails} {}", body(&outcome));
        assert!(writes(&line).is_empty(), "{emails}");
    }
    // What says it of each does say it whole, and what removes the whole hides nothing.
    for emails in [json!([{"value": "a@x.example", "display": "A"}]), json!([])] {
        let line = line(route(), &stored);
        let put = user(json!({"emails": emails})).to_string();
        let outcome = line.send("PUT", "/Users/1", &[], put.as_bytes()).await;
        assert_eq!(outcome.response.status, 200, "{emails} {}", body(&outcome));
        assert_eq!(writes(&line).len(), 1, "{emails}");
    }
}

// Of the client's side: its PUT says what it was shown.
#[tokio::test]
async fn a_client_keeps_what_its_dialect_shows_on_request_only() {
    let places: [&[&str]; 4] =
        [&["nickName"], &["name", "middleName"], &["emails", "display"], &["addresses"]];
    let stored = user(json!({"nickName": "n", "name": {"givenName": "A", "middleName": "M"},
        "emails": [{"value": "a@x.example", "display": "A"}, {"value": "b@x.example"}],
        "addresses": [{"type": "work", "locality": "Oslo"}]}));
    let line = line(client(&places), &stored);
    let read = body(&line.send("GET", "/Users/1", &[], b"").await);
    assert_eq!((&read["nickName"], &read["addresses"]), (&Json::Null, &Json::Null), "{read}");
    let again = read.to_string();
    let outcome = line.send("PUT", "/Users/1", &[], again.as_bytes()).await;
    assert_eq!(outcome.response.status, 200, "{}", body(&outcome));
    assert!(writes(&line).is_empty(), "{:?}", writes(&line));
    // Another change says nothing of it.
    let mut other = read.clone();
    other["title"] = json!("Boss");
    let outcome = line.send("PUT", "/Users/1", &[], other.to_string().as_bytes()).await;
    assert_eq!(outcome.response.status, 200, "{}", body(&outcome));
    let told = writes(&line);
    assert_eq!(told[0]["Operations"], json!([{"op": "replace", "path": "title", "value": "Boss"}]));
    // Who says that there is none clears it.
    let line = self::line(client(&places), &stored);
    let mut cleared = read;
    cleared["nickName"] = Json::Null;
    line.send("PUT", "/Users/1", &[], cleared.to_string().as_bytes()).await;
    assert_eq!(writes(&line)[0]["Operations"], json!([{"op": "remove", "path": "nickName"}]));
}

// What a predicate says (docs/semantics.md 1.3) is lost where nothing else of its element is written.
#[tokio::test]
async fn an_element_that_says_only_its_kind_is_lost_aloud() {
    let rules = "version = 1\ndialect = \"scim\"\nresource = \"User\"\n[[map]]\n\
                 canonical = \"$.addresses[?@.type=='work'].locality\"\n\
                 vendor = \"$['urn:acme:ext:2.0:User'].city\"\n";
    let (overlay, mistakes) = parse::overlay(&Source::new("overlay", rules));
    assert!(mistakes.is_empty(), "{mistakes:?}");
    for (address, lost) in [
        (json!({"type": "work"}), vec!["addresses.type"]),
        (json!({"type": "work", "locality": "Oslo"}), vec![]),
        (json!({"type": "work", "locality": null}), vec![]),
    ] {
        let mut route = spec("scim", "scim");
        route.overlays = vec![overlay.rules.clone()];
        let line = Line::with(route, |_, _| answer(201, &[], &user(json!({})).to_string()));
        let created = user(json!({"addresses": [address]})).to_string();
        let outcome = line.send("POST", "/Users", &[], created.as_bytes()).await;
        let losses = outcome.record.losses.iter().map(|loss| loss.place.to_string());
        let losses: Vec<_> = losses.filter(|place| place.starts_with("addresses")).collect();
        assert_eq!(losses, lost, "{address}");
    }
}

/// An upstream whose PUT merges, or unsets by null; neither side knows more than its schema.
fn unsetting(put: Put, clear: Clear, patches: Option<bool>) -> RouteSpec {
    let mut spec = spec("scim", "scim");
    for side in [&mut spec.client, &mut spec.upstream] {
        let mut dialect = side.as_ref().clone();
        dialect.resources.iter_mut().for_each(|one| one.schema.open_extensions = false);
        *side = Arc::new(dialect);
    }
    let mut dialect = spec.upstream.as_ref().clone();
    for resource in &mut dialect.resources {
        (resource.put, resource.clear) = (put, clear);
        match (patches, &mut resource.patch) {
            (Some(removes), Some(forms)) => forms.remove = removes,
            (_, patch) => *patch = None,
        }
    }
    spec.upstream = Arc::new(dialect);
    spec
}

// Law 5: to leave a value out says nothing to a server that merges: it is told otherwise, kept and
// counted as lost, or refused; never told as done.
#[tokio::test]
async fn a_merging_upstream_is_not_told_by_leaving_out() {
    let stored = user(json!({"title": "x", "nickName": "n"}));
    let put = user(json!({"nickName": "n"})).to_string();
    let gone = json!([{"op": "remove", "path": "title"}]);
    for (put_means, clear, patches, status, wanted) in [
        (Put::Merge, Clear::Omit, Some(true), 200, Some(("/Operations", gone.clone()))),
        (Put::Merge, Clear::Omit, Some(false), 501, None),
        (Put::Merge, Clear::Omit, None, 200, None),
        (Put::Merge, Clear::Null, None, 200, Some(("/title", Json::Null))),
        (Put::Replace, Clear::Null, None, 200, Some(("/title", Json::Null))),
        (Put::Replace, Clear::Empty, None, 200, Some(("/title", json!("")))),
    ] {
        let line = line(unsetting(put_means, clear, patches), &stored);
        let outcome = line.send("PUT", "/Users/1", &[], put.as_bytes()).await;
        let case = format!("{put_means:?} {clear:?} {patches:?} {}", body(&outcome));
        assert_eq!(outcome.response.status, status, "{case}");
        let told = writes(&line);
        let said = |(at, wanted): (&str, Json)| told[0].pointer(at) == Some(&wanted);
        assert!(wanted.clone().map_or(told.is_empty(), said), "{case} {told:?}");
        let mut losses = outcome.record.losses.iter();
        let kept = losses.any(|loss| loss.place == "title" && loss.cause == "no_place");
        assert_eq!(kept, status == 200 && wanted.is_none(), "{case}");
    }
}
