//! What an operator does to a route at the admin listener: pause, resume, re-arm.

use serde_json::Value as Json;

use crate::running::{Answer, Place, call, call_with};

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
    call(place.admin, "POST", &format!("/routes/{act}?route={route}"), "").unwrap()
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
        let answer = call(place.admin, "POST", &format!("/routes/pause{query}"), "").unwrap();
        assert_eq!(answer.status, 404, "{query}");
    }
    let path = "/routes/pause?route=/a";
    let page = call_with(place.admin, "POST", path, "Origin: https://evil.example\r\n", "");
    assert_eq!(page.unwrap().status, 403);
    assert_eq!(call(place.admin, "GET", path, "").unwrap().status, 405);
    assert_eq!(status(&place, USERS), 200);
}
