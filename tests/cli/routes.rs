//! What an operator does to a route at the admin listener: pause, resume, re-arm.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value as Json;

use crate::running::{Answer, Place, call, wait};

/// Two routes; removals through the first are held back after two.
const ROUTES: &str = "[route.removals]\nact = \"trip\"\ncount = 2\n\
    [[route]]\nprefix = \"/b\"\nclient = \"scim\"\nupstream = \"a\"\nauth = \"none\"\n";

const USERS: &str = "/a/scim/v2/Users";

fn place() -> Place {
    let place = Place::new();
    place.write("config.toml", &place.text("watch = false", ROUTES));
    place
}

fn operate(place: &Place, act: &str, route: &str) -> Answer {
    place.operate(&format!("/routes/{act}?route={route}"), "")
}

fn status(place: &Place, path: &str) -> u16 {
    call(place.client, "GET", path, "").unwrap().status
}

/// How a route stands at the admin listener.
fn standing(place: &Place, route: &str) -> Json {
    let told = call(place.admin, "GET", "/routes", "").unwrap().body;
    let told: Json = serde_json::from_str(&told).unwrap();
    let routes = told["routes"].as_array().unwrap().clone();
    routes.into_iter().find(|one| one["route"] == route).unwrap()
}

#[test]
fn a_route_is_paused_and_resumed_and_a_reload_does_not_resume_it() {
    let place = place();
    let _gateway = place.start(&[]);
    assert_eq!(standing(&place, "/a")["paused"], false);
    assert_eq!(operate(&place, "pause", "/a").status, 200);
    let held = call(place.client, "GET", USERS, "").unwrap();
    assert_eq!(held.status, 503, "{held:?}");
    assert!(held.head.to_ascii_lowercase().contains("retry-after: 30"), "{}", held.head);
    assert!(held.body.contains("urn:ietf:params:scim:api:messages:2.0:Error"), "{}", held.body);
    assert_eq!(status(&place, "/b/scim/v2/Users"), 200, "the other route goes on");
    assert_eq!(place.metric("scim_gateway_route_paused{route=\"/a\"}"), 1.0);
    assert_eq!(place.reload().status, 200);
    assert_eq!(status(&place, USERS), 503);
    assert_eq!(operate(&place, "resume", "/a").status, 200);
    assert_eq!(status(&place, USERS), 200);
    assert_eq!(place.metric("scim_gateway_route_paused{route=\"/a\"}"), 0.0);
    let log = place.log();
    assert!(log.contains("an operator paused the route") && log.contains("resumed"), "{log}");
}

#[test]
fn a_tripped_breaker_is_rearmed() {
    let place = place();
    let _gateway = place.start(&[]);
    let ids: Vec<String> =
        ["a", "b", "c"].map(|name| place.create(&format!("{name}@corp.example"))).into();
    let delete =
        |id: &String| call(place.client, "DELETE", &format!("{USERS}/{id}"), "").unwrap().status;
    assert_eq!(ids.iter().map(delete).collect::<Vec<_>>(), [204, 204, 503]);
    assert_eq!(standing(&place, "/a")["removals"]["tripped"], true);
    assert_eq!(place.metric("scim_gateway_removal_breaker_tripped{route=\"/a\"}"), 1.0);
    let tripped = "scim_gateway_removal_alarms_total{act=\"tripped\",route=\"/a\"}";
    assert_eq!(place.metric(tripped), 1.0);
    assert_eq!(operate(&place, "rearm", "/a").status, 200);
    assert_eq!(delete(&ids[2]), 204);
    assert_eq!(standing(&place, "/a")["removals"]["removed"], 1);
}

#[test]
fn only_a_known_route_is_touched_and_only_by_an_operator() {
    let place = place();
    let _gateway = place.start(&[]);
    for query in ["?route=/nowhere", "?route=", "", "?other=/a"] {
        let answer = place.operate(&format!("/routes/pause{query}"), "");
        assert_eq!(answer.status, 404, "{query}");
    }
    let path = "/routes/pause?route=/a";
    assert_eq!(place.operate(path, "Origin: https://evil.example\r\n").status, 403);
    assert_eq!(call(place.admin, "GET", path, "").unwrap().status, 405);
    assert_eq!(status(&place, USERS), 200);
}

fn kept(place: &Place) {
    let text = place.text("watch = false", ROUTES);
    place.write("config.toml", &text.replace("[admin]", "[admin]\nstate = \"state.json\""));
}

// Edge, part 7: what was decided outlives the process.
#[test]
fn what_is_paused_or_held_back_is_so_in_the_next_process() {
    let place = Place::new();
    kept(&place);
    let gateway = place.start(&[]);
    let ids: Vec<String> =
        ["a", "b", "c"].map(|name| place.create(&format!("{name}@corp.example"))).into();
    let delete =
        |id: &String| call(place.client, "DELETE", &format!("{USERS}/{id}"), "").unwrap().status;
    assert_eq!(ids.iter().map(delete).collect::<Vec<_>>(), [204, 204, 503]);
    assert_eq!(operate(&place, "pause", "/b").status, 200);
    wait("the tripped breaker in the file", || {
        std::fs::read_to_string(place.path("state.json")).unwrap().contains("\"tripped\":true")
    });
    let mode = std::fs::metadata(place.path("state.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // However it ends.
    drop(gateway);
    let gateway = place.start(&[]);
    assert_eq!(standing(&place, "/a")["removals"]["tripped"], true);
    assert_eq!(standing(&place, "/b")["paused"], true);
    assert_eq!(status(&place, "/b/scim/v2/Users"), 503);
    let id = place.create("d@corp.example");
    assert_eq!(delete(&id), 503);
    assert_eq!(operate(&place, "rearm", "/a").status, 200);
    assert_eq!(operate(&place, "resume", "/b").status, 200);
    drop(gateway);
    let _gateway = place.start(&[]);
    assert_eq!(standing(&place, "/a")["removals"]["tripped"], false);
    assert_eq!(status(&place, "/b/scim/v2/Users"), 200);
}

// Edge, part 7.
#[test]
fn a_state_that_cannot_be_understood_keeps_the_process_from_starting() {
    for text in
        ["{", "", "[]", "{\"version\":2,\"routes\":{}}", "{\"version\":1,\"routes\":{},\"x\":1}"]
    {
        let place = Place::new();
        kept(&place);
        place.write("state.json", text);
        assert_eq!(place.spawn(&[]).end(), Some(1), "{text}");
        assert!(place.log().contains("state.json"), "{}", place.log());
        assert_eq!(std::fs::read_to_string(place.path("state.json")).unwrap(), text);
    }
}

#[test]
fn a_decision_that_is_not_written_is_told() {
    let place = Place::new();
    let text = place.text("watch = false", ROUTES);
    std::fs::create_dir(place.path("folder")).unwrap();
    let state = "[admin]\nstate = \"folder/state.json\"";
    place.write("config.toml", &text.replace("[admin]", state));
    let _gateway = place.start(&[]);
    std::fs::remove_dir_all(place.path("folder")).unwrap();
    let answer = operate(&place, "pause", "/a");
    assert!(answer.status == 500 && answer.body.contains("not written"), "{answer:?}");
    assert_eq!(status(&place, USERS), 503, "it is done all the same");
    assert_eq!(place.metric("scim_gateway_state_writes_total{result=\"failed\"}"), 1.0);
}
