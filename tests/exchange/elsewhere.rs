//! Where other gateways fail, on every upstream: what a filter's value may hold, names in any case,
//! value paths with `or`, renamed attributes, value tables that fold, and upstreams that ignore a filter
//! or answer 200 and change nothing. What went over the wire is looked at, not only the answer.

use std::slice::from_ref;

use http::Method;
use scim_gateway::diagnostic::Source;
use scim_gateway::exchange::Outcome;
use scim_gateway::rewrite::parse;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, body};
use crate::scripted::{Line, answer};

const UPSTREAMS: [&str; 4] = ["scim", "omni", "pingone", "descope"];
const OMNI: &str = "urn:omni:params:1.0:UserAttribute";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Values that end a string, a term, a group or a path too early where a filter is cut by hand.
const AWKWARD: [&str; 10] = [
    "Research and (Development) \"R&D\"",
    "a and b",
    "a or b",
    "not (x)",
    "x\" or userName pr or userName eq \"",
    "back\\slash \\",
    "\\\" quoted \\\"",
    "closing] bracket[",
    "percent %20 + plus & = # ?",
    "é 一 \u{1f600}",
];

fn text_of(upstream: &str) -> &'static str {
    if upstream == "pingone" { "title" } else { "displayName" }
}

fn query(filter: &str) -> String {
    url::form_urlencoded::byte_serialize(filter.as_bytes()).collect()
}

async fn ids(bench: &Bench, at: &str, filter: &str) -> Vec<String> {
    let found = bench.send(Method::GET, &format!("{at}?filter={}", query(filter)), None).await;
    let fault = &found.record.fault;
    assert_eq!(found.response.status, 200, "{} {filter} {fault:?}", bench.route.spec.name);
    let list = body(&found);
    let found = list["Resources"].as_array().cloned().unwrap_or_default();
    assert_eq!(list["totalResults"], json!(found.len()), "{filter}");
    found.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
}

async fn user(bench: &Bench, name: &str, more: Json) -> String {
    let mut user = json!({"userName": name, "displayName": name, "emails": [
        {"value": name, "type": "work", "primary": true}]});
    for (key, value) in more.as_object().expect("an object") {
        user[key] = value.clone();
    }
    let made = bench.send(Method::POST, "/Users", Some(&user)).await;
    assert_eq!(made.response.status, 201, "{:?}", made.record.fault);
    body(&made)["id"].as_str().expect("an id").to_owned()
}

async fn patch(bench: &Bench, at: &str, operations: Json) -> Outcome {
    let message = json!({"Operations": operations});
    bench.send(Method::PATCH, at, Some(&message)).await
}

#[tokio::test]
async fn a_value_is_a_value_whatever_it_holds() {
    for upstream in UPSTREAMS {
        let bench = Bench::new("scim", upstream);
        let place = text_of(upstream);
        user(&bench, "bo@corp.example", json!({"title": "x", "displayName": "x"})).await;
        for (at, text) in AWKWARD.iter().enumerate() {
            let name = format!("u{at}@corp.example");
            let id = user(&bench, &name, json!({ place: text })).await;
            let before = bench.sandbox.requests().len();
            let quoted = json!(text).to_string();
            for filter in [
                format!("{place} eq {quoted}"),
                format!("({place} eq {quoted}) and userName eq \"{name}\""),
                format!("{place} sw {quoted} and not ({place} ne {quoted})"),
            ] {
                assert_eq!(
                    ids(&bench, "/Users", &filter).await,
                    from_ref(&id),
                    "{upstream} {filter}"
                );
            }
            if upstream == "scim" {
                let asked = bench.sandbox.requests()[before].clone();
                let wire = asked.query.expect("a filter is pushed");
                let wire = url::form_urlencoded::parse(wire.as_bytes())
                    .find(|(name, _)| name == "filter")
                    .map(|(_, value)| value.into_owned());
                assert_eq!(wire, Some(format!("{place} eq {quoted}")));
            }
        }
    }
}

#[tokio::test]
async fn a_groups_name_is_a_value_too_where_it_is_pushed() {
    for upstream in ["scim", "omni", "descope"] {
        let bench = Bench::new("scim", upstream);
        for text in AWKWARD {
            let group = json!({"displayName": text});
            let made = bench.send(Method::POST, "/Groups", Some(&group)).await;
            assert_eq!(made.response.status, 201, "{upstream} {text} {:?}", made.record.fault);
            let id = body(&made)["id"].as_str().expect("an id").to_owned();
            let filter = format!("displayName eq {}", json!(text));
            assert_eq!(ids(&bench, "/Groups", &filter).await, [id], "{upstream} {filter}");
        }
    }
}

#[tokio::test]
async fn names_operators_and_blanks_are_in_any_form() {
    for upstream in UPSTREAMS {
        let bench = Bench::new("scim", upstream);
        let id = user(&bench, "ann@corp.example", json!({})).await;
        user(&bench, "bo@corp.example", json!({})).await;
        for filter in [
            "USERNAME EQ \"ann@corp.example\"",
            "username Eq \"ANN@corp.example\"",
            "Emails[Value EQ \"ann@corp.example\"]",
            "emails[  type  eq  \"work\"   AND  value  sw \"ann\"  ]",
            "  ( USERNAME   EQ   \"ann@corp.example\" )  ",
            "urn:ietf:params:scim:schemas:core:2.0:USER:userName eq \"ann@corp.example\"",
        ] {
            assert_eq!(ids(&bench, "/Users", filter).await, from_ref(&id), "{upstream} {filter}");
        }
        if upstream == "pingone" {
            continue;
        }
        let group = json!({"displayName": "Sales", "members": [{"value": id}]});
        let made = bench.send(Method::POST, "/Groups", Some(&group)).await;
        let at = body(&made)["id"].as_str().expect("an id").to_owned();
        for filter in
            [format!("Members[Value EQ \"{id}\"]"), format!("MEMBERS[ value eq \"{id}\" ]")]
        {
            assert_eq!(ids(&bench, "/Groups", &filter).await, from_ref(&at), "{upstream} {filter}");
        }
        let path = format!("MEMBERS[ VALUE  Eq \"{id}\" ]");
        let gone =
            patch(&bench, &format!("/Groups/{at}"), json!([{"op": "Remove", "path": path}])).await;
        assert_eq!(gone.response.status, 200, "{upstream} {:?}", gone.record.fault);
        let left = &bench.sandbox.groups()[0]["members"];
        assert!(left.as_array().is_none_or(Vec::is_empty), "{upstream} {left}");
    }
}

#[tokio::test]
async fn a_removal_takes_what_either_side_of_an_or_selects() {
    for upstream in ["scim", "omni", "descope"] {
        let bench = Bench::new("scim", upstream);
        let mut all = Vec::new();
        for name in ["ann", "bo", "cy"] {
            all.push(user(&bench, &format!("{name}@corp.example"), json!({})).await);
        }
        let members: Vec<Json> = all.iter().map(|id| json!({"value": id})).collect();
        let group = json!({"displayName": "Sales", "members": members});
        let made = bench.send(Method::POST, "/Groups", Some(&group)).await;
        let at = format!("/Groups/{}", body(&made)["id"].as_str().expect("an id"));
        let path = format!("members[value eq \"{}\" or value eq \"{}\"]", all[0], all[2]);
        let gone = patch(&bench, &at, json!([{"op": "remove", "path": path}])).await;
        assert_eq!(gone.response.status, 200, "{upstream} {:?}", gone.record.fault);
        let left = bench.sandbox.groups()[0]["members"].clone();
        let left: Vec<&Json> =
            left.as_array().expect("members").iter().map(|m| &m["value"]).collect();
        assert_eq!(left, [&json!(all[1])], "{upstream}");
    }
    for upstream in ["scim", "descope"] {
        let bench = Bench::new("scim", upstream);
        let mails = json!([{"value": "a@x.example", "type": "work"},
            {"value": "b@x.example", "type": "home"}, {"value": "c@x.example", "type": "other"}]);
        let id = user(&bench, "ann@corp.example", json!({ "emails": mails })).await;
        let path = "emails[type eq \"work\" or value co \"b@\"]";
        let gone =
            patch(&bench, &format!("/Users/{id}"), json!([{"op": "remove", "path": path}])).await;
        assert_eq!(gone.response.status, 200, "{upstream} {:?}", gone.record.fault);
        let left = bench.sandbox.users()[0]["emails"].clone();
        assert_eq!(left.as_array().map(Vec::len), Some(1), "{upstream} {left}");
        assert_eq!(left[0]["value"], "c@x.example", "{upstream}");
    }
}

fn overlaid(upstream: &str, rules: &str) -> Bench {
    let text = format!("version = 1\ndialect = \"{upstream}\"\nresource = \"User\"\n{rules}");
    let (overlay, mistakes) = parse::overlay(&Source { name: "overlay".into(), text: text.into() });
    assert!(mistakes.is_empty(), "{mistakes:?}");
    Bench::with("scim", upstream, |spec, _| spec.overlays.push(overlay.rules))
}

/// (upstream, its place for `nickName`, as TOML and as a pointer)
const RENAMED: [(&str, &str, &str); 4] = [
    ("scim", "$.userType", "/userType"),
    (
        "omni",
        "$['urn:omni:params:1.0:UserAttribute'].region",
        "/urn:omni:params:1.0:UserAttribute/region",
    ),
    ("pingone", "$.title", "/title"),
    ("descope", "$.attributes.region", "/attributes/region"),
];

#[tokio::test]
async fn a_renamed_attribute_is_removed_by_its_own_name_there() {
    for (upstream, vendor, pointer) in RENAMED {
        let rules = format!("[[map]]\ncanonical = \"$.nickName\"\nvendor = \"{vendor}\"\n");
        let bench = overlaid(upstream, &rules);
        let id = user(&bench, "ann@corp.example", json!({"nickName": "Annie"})).await;
        assert_eq!(bench.sandbox.users()[0].pointer(pointer), Some(&json!("Annie")), "{upstream}");
        let before = bench.sandbox.requests().len();
        let gone =
            patch(&bench, &format!("/Users/{id}"), json!([{"op": "remove", "path": "nickName"}]))
                .await;
        assert_eq!(gone.response.status, 200, "{upstream} {:?}", gone.record.fault);
        let left = bench.sandbox.users()[0].pointer(pointer).cloned().unwrap_or_default();
        assert!(left.is_null() || left == "", "{upstream} {left}");
        assert_eq!(body(&gone).get("nickName"), None, "{upstream}");
        let sent = bench.sandbox.requests().split_off(before);
        for call in &sent {
            let text = String::from_utf8_lossy(&call.body).into_owned();
            assert!(!text.contains("nickName"), "{upstream} {text}");
        }
        if ["scim", "pingone"].contains(&upstream) {
            let path = pointer.trim_start_matches('/');
            let wire: Json = serde_json::from_slice(&sent[0].body).expect("JSON");
            assert_eq!(sent.len(), 1, "{upstream}: one call");
            assert_eq!(wire["Operations"], json!([{"op": "remove", "path": path}]), "{upstream}");
        }
    }
}

/// `active` as a word, two of which mean false.
#[tokio::test]
async fn a_value_table_that_folds_is_read_back_kept_and_found() {
    for (upstream, vendor, pointer) in RENAMED {
        let rules = format!(
            "[[map]]\ncanonical = \"$['{ENTERPRISE}'].division\"\nvendor = \"{vendor}\"\n\
             values = [[\"on\", \"enabled\"], [\"off\", \"disabled\"], [\"off\", \"locked\"]]\n\
             loss = \"locked is off\"\n"
        );
        let bench = overlaid(upstream, &rules);
        let division = |word: &str| json!({ENTERPRISE: {"division": word}});
        let on = user(&bench, "on@corp.example", division("on")).await;
        let off = user(&bench, "off@corp.example", division("off")).await;
        let word = |at: usize| bench.sandbox.users()[at].pointer(pointer).cloned();
        assert_eq!(
            (word(0), word(1)),
            (Some(json!("enabled")), Some(json!("disabled"))),
            "{upstream}"
        );

        let path = format!("{ENTERPRISE}:division");
        let mut locked = bench.sandbox.users()[0].clone();
        *locked.pointer_mut(pointer).expect("the place") = json!("locked");
        locked["userName"] = json!("locked@corp.example");
        locked.as_object_mut().expect("a user").remove("id");
        let id = bench.sandbox.seed(locked);
        let at = format!("/Users/{id}");
        let read = body(&bench.send(Method::GET, &at, None).await);
        assert_eq!(read[ENTERPRISE]["division"], "off", "{upstream} {read}");

        let mut found = ids(&bench, "/Users", &format!("{path} eq \"off\"")).await;
        found.sort();
        let mut wanted = vec![off, id];
        wanted.sort();
        assert_eq!(found, wanted, "{upstream}: both words are off");
        assert_eq!(ids(&bench, "/Users", &format!("{path} eq \"on\"")).await, [on], "{upstream}");

        // What is off already stays as it is; what is on is not.
        let set = |word: &str| json!([{"op": "replace", "path": path, "value": word}]);
        let same = patch(&bench, &at, set("off")).await;
        assert_eq!(same.response.status, 200, "{upstream} {:?}", same.record.fault);
        assert_eq!(word(2), Some(json!("locked")), "{upstream}: nobody unlocked it");
        assert_eq!(patch(&bench, &at, set("on")).await.response.status, 200, "{upstream}");
        assert_eq!(word(2), Some(json!("enabled")), "{upstream}");
    }
}

#[tokio::test]
async fn an_upstream_that_ignores_the_filter_changes_no_answer() {
    for upstream in UPSTREAMS {
        let bench = Bench::with("scim", upstream, |_, options| options.ignore_filters = true);
        user(&bench, "ann@corp.example", json!({})).await;
        let bo = user(&bench, "bo@corp.example", json!({})).await;
        assert_eq!(
            ids(&bench, "/Users", "userName eq \"bo@corp.example\"").await,
            [bo],
            "{upstream}"
        );
        let none = query("userName eq \"nobody@corp.example\"");
        let found = bench.send(Method::GET, &format!("/Users?filter={none}"), None).await;
        assert_eq!(body(&found)["totalResults"], 0, "{upstream}");
        assert!(found.record.filter_ignored, "{upstream}: it is counted");
    }
}

fn stored(active: bool, name: &str) -> Json {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "u-1",
        "userName": "ann@corp.example", "displayName": name, "active": active,
        "emails": [{"value": "ann@corp.example", "type": "work", "primary": true}],
        "meta": {"resourceType": "User"}, OMNI: {"region": "emea"}
    })
}

/// Answers every call with the same user, whatever it was asked.
fn deaf(upstream: &str, answered: Json) -> Line {
    Line::new("scim", upstream, move |_, _| answer(200, &[], &answered.to_string()))
}

async fn send(line: &Line, method: &str, body: &Json) -> Outcome {
    line.send(
        method,
        "/Users/u-1",
        &[("content-type", "application/json")],
        body.to_string().as_bytes(),
    )
    .await
}

fn operations(operations: Json) -> Json {
    json!({"Operations": operations})
}

#[tokio::test]
async fn a_deactivation_that_is_answered_and_not_done_is_no_success() {
    let off = operations(json!([{"op": "replace", "path": "active", "value": false}]));
    for upstream in UPSTREAMS {
        let line = deaf(upstream, stored(true, "Ann"));
        let outcome = send(&line, "PATCH", &off).await;
        assert_eq!(outcome.response.status, 502, "{upstream}");
        let detail = body(&outcome)["detail"].to_string();
        assert!(detail.contains("active") && !detail.contains("ann@"), "{upstream} {detail}");
        let put = json!({"userName": "ann@corp.example", "displayName": "Ann", "active": false});
        let outcome = send(&deaf(upstream, stored(true, "Ann")), "PUT", &put).await;
        assert_eq!(outcome.response.status, 502, "{upstream} PUT");
    }
    let mut waived = crate::harness::spec("scim", "omni");
    waived.policies.waive.push("active".to_owned());
    let line = Line::with(waived, |_, _| answer(200, &[], &stored(true, "Ann").to_string()));
    let outcome = send(&line, "PATCH", &off).await;
    assert_eq!(outcome.response.status, 200);
    assert_eq!(outcome.response.headers["scim-gateway-loss"], "active");
}

#[tokio::test]
async fn another_value_that_is_not_taken_is_reported_and_counted() {
    let rename = operations(json!([{"op": "replace", "path": "displayName", "value": "Bo Li"}]));
    for upstream in ["scim", "omni", "descope"] {
        let outcome = send(&deaf(upstream, stored(true, "Ann Lee")), "PATCH", &rename).await;
        assert_eq!(outcome.response.status, 200, "{upstream} {:?}", outcome.record.fault);
        let header = outcome.response.headers["scim-gateway-loss"].to_str().expect("text");
        assert!(header.split(", ").any(|place| place == "displayName"), "{upstream} {header}");
        let counted = outcome.record.losses.iter().filter(|loss| loss.cause == "not_taken");
        assert_eq!(counted.count(), 1, "{upstream} {:?}", outcome.record.losses);
        assert_eq!(body(&outcome)["displayName"], "Ann Lee", "{upstream}: what is there is shown");
    }
}

/// Case, blanks and a text cut off are what a vendor makes of a value, not a refusal to take it.
#[tokio::test]
async fn what_a_vendor_makes_of_a_value_is_no_alarm() {
    for upstream in ["scim", "omni", "descope"] {
        for asked in ["ANN LEE", " Ann  Lee ", "Ann-Lee", "Ann Lee of the Department"] {
            let operation = json!([{"op": "replace", "path": "displayName", "value": asked}]);
            let line = deaf(upstream, stored(true, "Ann Lee"));
            let outcome = send(&line, "PATCH", &operations(operation)).await;
            assert_eq!(outcome.response.status, 200, "{upstream}");
            let lost = outcome.record.losses.iter().any(|loss| loss.cause == "not_taken");
            assert!(!lost, "{upstream} {asked} {:?}", outcome.record.losses);
        }
        // Omni answers "yes" for true.
        let mut coerced = stored(true, "Ann");
        coerced[OMNI]["is_beta"] = json!("yes");
        let operation = json!([{"op": "add", "path": format!("{OMNI}:is_beta"), "value": true}]);
        let outcome = send(&deaf(upstream, coerced), "PATCH", &operations(operation)).await;
        let lost = outcome.record.losses.iter().any(|loss| loss.cause == "not_taken");
        assert!(!lost, "{upstream} {:?}", outcome.record.losses);
    }
}

#[tokio::test]
async fn a_member_who_is_still_there_was_not_removed() {
    let id = "0f1e2d3c-0ff5-4f60-ae82-4ae65d9d0e3a";
    let group = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": "g-1",
        "displayName": "Sales", "members": [{"value": id}], "meta": {"resourceType": "Group"}
    });
    let remove = json!([{"op": "remove", "path": format!("members[value eq \"{id}\"]")}]);
    for upstream in ["scim", "omni", "descope"] {
        let group = group.clone();
        let line = Line::new("scim", upstream, move |_, _| answer(200, &[], &group.to_string()));
        let body = operations(remove.clone()).to_string();
        let header = [("content-type", "application/json")];
        let outcome = line.send("PATCH", "/Groups/g-1", &header, body.as_bytes()).await;
        assert_eq!(outcome.response.status, 502, "{upstream}");
    }
}
