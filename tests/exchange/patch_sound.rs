//! PATCH that depends on what is stored, and paths that are another schema's: what is written, by whatever
//! way it goes.

use std::sync::{Arc, Mutex};

use http::Method;
use scim_gateway::diagnostic::Source;
use scim_gateway::dialect::Dialect;
use scim_gateway::gateway::RouteSpec;
use scim_gateway::rewrite::parse;
use scim_gateway::rewrite::rule::Rules;
use scim_gateway::scim::http::Request;
use scim_gateway::scim::schema::{Operation, Operations};
use serde_json::{Value as Json, json};

use crate::harness::{Bench, body, spec};
use crate::scripted::{Line, answer};

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const ACME: &str = "urn:acme:ext:2.0:User";

/// A server that has this resource, whatever it is told: what counts is what it is told.
fn line(spec: RouteSpec, stored: &Json) -> Line {
    let stored = stored.to_string();
    Line::with(spec, move |_, _| answer(200, &[], &stored))
}

/// The server of before, but that it has what is put there, and the members that are added.
fn lasting(spec: RouteSpec, stored: &Json) -> Line {
    let stored = Mutex::new(stored.clone());
    Line::with(spec, move |_, request: &Request| {
        let mut stored = stored.lock().unwrap();
        if request.method == Method::PUT {
            *stored = serde_json::from_slice(&request.body).unwrap_or(Json::Null);
            stored["id"] = json!("1");
        }
        if request.method == Method::PATCH {
            let added = said(request)["Operations"][0]["value"].as_array().cloned();
            let members = stored["members"].as_array_mut().into_iter();
            members.for_each(|members| members.extend(added.clone().unwrap_or_default()));
        }
        answer(200, &[], &stored.to_string())
    })
}

fn said(call: &Request) -> Json {
    serde_json::from_slice(&call.body).unwrap_or(Json::Null)
}

/// What was written: the body of the only call that is no GET.
fn written(line: &Line) -> Json {
    let calls = line.calls();
    let mut writes = calls.iter().filter(|call| call.method != Method::GET);
    let written = writes.next().map(said).unwrap_or(Json::Null);
    assert!(writes.next().is_none(), "two writes: {calls:?}");
    written
}

async fn patch(line: &Line, below: &str, operations: &Json) -> (u16, Json) {
    let text = json!({"Operations": operations}).to_string();
    let outcome = line.send("PATCH", below, &[], text.as_bytes()).await;
    (outcome.response.status.as_u16(), body(&outcome))
}

/// The upstream takes PUT alone: what is emulated is told whole.
fn without_patch(client: &str, upstream: &str) -> RouteSpec {
    let mut spec = spec(client, upstream);
    let mut dialect: Dialect = spec.upstream.as_ref().clone();
    dialect.resources.iter_mut().for_each(|resource| resource.patch = None);
    spec.upstream = Arc::new(dialect);
    spec
}

fn overlay(text: &str) -> Rules {
    let (overlay, mistakes) = parse::overlay(&Source::new("overlay", text));
    assert!(mistakes.is_empty(), "{mistakes:?}");
    overlay.rules
}

// What another resource type's schema, or a message, is called names no attribute of this one.
#[tokio::test]
async fn a_path_by_another_schemas_urn_is_refused_and_nothing_is_sent() {
    let user = ("/Users", "User", "Group", "displayName");
    let group = ("/Groups", "Group", "User", "userName");
    for (base, own, other, name) in [user, group] {
        let stored = json!({"id": "1", "userName": "a", "displayName": "A"});
        let mut foreign: Vec<String> = [other, "ServiceProviderConfig", "Schema", "ResourceType"]
            .iter()
            .map(|kind| format!("{CORE}:{kind}"))
            .chain(["urn:ietf:params:scim:api:messages:2.0:PatchOp".to_owned()])
            .collect();
        if own == "Group" {
            foreign.push(ENTERPRISE.to_owned());
        }
        foreign.push(format!("{CORE}:{other}").to_uppercase());
        for urn in foreign {
            let paths = [
                json!([{"op": "replace", "path": format!("{urn}:{name}"), "value": "X"}]),
                json!([{"op": "add", "path": format!("{urn}:{name}"), "value": "X"}]),
                json!([{"op": "remove", "path": format!("{urn}:{name}")}]),
                json!([{"op": "remove", "path": urn}]),
                json!([{"op": "add", "path": urn, "value": {name: "X"}}]),
                json!([{"op": "replace", "path": format!("{urn}:members[value eq \"1\"].display"), "value": "X"}]),
                json!([{"op": "replace", "value": {format!("{urn}:{name}"): "X"}}]),
                json!([{"op": "replace", "value": {urn.as_str(): {name: "X"}}}]),
                json!([{"op": "add", "value": {urn.as_str(): {}}}]),
            ];
            for operations in paths {
                let line = line(spec("scim", "scim"), &stored);
                let (status, error) = patch(&line, &format!("{base}/1"), &operations).await;
                assert_eq!(
                    (status, &error["scimType"]),
                    (400, &json!("invalidPath")),
                    "{operations}"
                );
                assert!(line.calls().is_empty(), "{operations}");
            }
            let line = line(spec("scim", "scim"), &stored);
            for (query, scim_type) in [
                (format!("filter={urn}:{name}%20eq%20%22a%22"), Some("invalidFilter")),
                (format!("filter=not%20({urn}:{name}%20pr)"), Some("invalidFilter")),
                (format!("attributes={urn}:{name}"), None),
                (format!("sortBy={urn}:{name}"), None),
            ] {
                let outcome = line.send("GET", &format!("{base}?{query}"), &[], b"").await;
                assert_eq!(outcome.response.status, 400, "{query}");
                if let Some(wanted) = scim_type {
                    assert_eq!(body(&outcome)["scimType"], wanted, "{query}");
                }
            }
            let whole = json!({"userName": "a", "displayName": "A", urn.as_str(): {name: "X"}});
            for (method, below) in [("POST", base.to_owned()), ("PUT", format!("{base}/1"))] {
                let outcome = line.send(method, &below, &[], whole.to_string().as_bytes()).await;
                assert_eq!(outcome.response.status, 400, "{method} {whole}");
            }
            assert!(line.calls().is_empty(), "{urn}");
        }
    }
}

#[tokio::test]
async fn the_own_schemas_urn_is_the_resource_itself() {
    let stored = json!({"id": "1", "userName": "a", "displayName": "A"});
    let urn = format!("{CORE}:User");
    let line = line(spec("scim", "scim"), &stored);
    let whole = json!({urn.as_str(): {"userName": "a", "displayName": "B"}});
    let outcome = line.send("POST", "/Users", &[], whole.to_string().as_bytes()).await;
    assert_eq!(outcome.response.status, 201, "{:?}", outcome.record.fault);
    assert_eq!(said(&line.calls()[0])["displayName"], "B");
    let twice = json!({"userName": "a", urn.as_str(): {"userName": "b"}});
    let outcome = line.send("POST", "/Users", &[], twice.to_string().as_bytes()).await;
    assert_eq!(outcome.response.status, 400);
}

#[tokio::test]
async fn what_stands_there_by_another_schemas_urn_is_hidden_and_kept() {
    let urn = format!("{CORE}:Group");
    let stored =
        json!({"id": "1", "userName": "a", "title": "T", urn.as_str(): {"displayName": "X"}});
    let line = lasting(without_patch("scim", "scim"), &stored);
    let shown = body(&line.send("GET", "/Users/1", &[], b"").await);
    assert_eq!(shown[&urn], Json::Null, "{shown}");
    let mut back = shown;
    back["title"] = json!("U");
    let outcome = line.send("PUT", "/Users/1", &[], back.to_string().as_bytes()).await;
    assert_eq!(outcome.response.status, 200, "{:?}", outcome.record.fault);
    let sent = written(&line);
    assert_eq!((&sent["title"], &sent[&urn]), (&json!("U"), &stored[&urn]));
}

// What a client adds to several values below a free key is added, and what it takes away goes alone.
#[tokio::test]
async fn several_values_below_a_free_key_keep_what_is_not_named() {
    let tags = json!(["a", "b"]);
    for (base, urn, other) in [
        ("/Users/1", ACME, json!({"userName": "a"})),
        ("/Groups/1", "urn:acme:ext:2.0:Group", json!({"displayName": "G"})),
    ] {
        let mut stored = other;
        stored["id"] = json!("1");
        stored[urn] = json!({"tags": tags, "x": 1});
        let cases = [
            (
                json!({"op": "add", "path": format!("{urn}:tags"), "value": ["c"]}),
                json!(["a", "b", "c"]),
            ),
            (json!({"op": "add", "value": {urn: {"tags": ["c"]}}}), json!(["a", "b", "c"])),
            (
                json!({"op": "add", "value": {format!("{urn}:tags"): ["c", "a"]}}),
                json!(["a", "b", "c"]),
            ),
            (json!({"op": "remove", "path": format!("{urn}:tags"), "value": ["a"]}), json!(["b"])),
            (json!({"op": "replace", "path": format!("{urn}:tags"), "value": ["c"]}), json!(["c"])),
        ];
        for (operation, wanted) in cases {
            let line = line(without_patch("scim", "scim"), &stored);
            let (status, _) = patch(&line, base, &json!([operation])).await;
            assert!(status == 200, "{status} {operation}");
            assert_eq!(written(&line)[urn], json!({"tags": wanted, "x": 1}), "{operation}");
        }
    }
}

// Where the upstream has a place for free keys, too.
#[tokio::test]
async fn a_value_below_a_free_key_is_added_to_what_is_stored_there() {
    let operation =
        json!([{"op": "add", "path": "urn:omni:params:1.0:UserAttribute:langs", "value": ["fr"]}]);
    let stored = json!({"id": "1", "userName": "a@x.example", "displayName": "A", "active": true,
        "urn:omni:params:1.0:UserAttribute": {"langs": ["en"]}});
    let line = line(spec("scim", "omni"), &stored);
    let (status, error) = patch(&line, "/Users/1", &operation).await;
    assert_eq!(status, 200, "{error}");
    let sent = written(&line).to_string();
    assert!(sent.contains(r#"["en","fr"]"#), "{sent}");
}

// A constant is for what a client creates or replaces: a PATCH does not move anybody.
#[tokio::test]
async fn a_constant_is_not_laid_over_what_an_emulated_patch_leaves() {
    let rules = |always: bool| {
        overlay(&format!(
            "version = 1\ndialect = \"pingone\"\nresource = \"User\"\n\n[[set]]\nvendor = \"$.locale\"\n\
             value = \"fr\"\nalways = {always}\n"
        ))
    };
    let native = json!([{"op": "replace", "path": "title", "value": "U"}]);
    let emulated = json!([{"op": "replace", "path": "emails[type eq \"work\"].value", "value": "b@x.example"}]);
    for always in [true, false] {
        for locale in [json!("de"), Json::Null] {
            for operations in [&native, &emulated] {
                let bench = Bench::with("scim", "pingone", |spec, options| {
                    spec.overlays.push(rules(always));
                    options.hidden = json!({});
                });
                let mut user = json!({"userName": "a", "title": "T", "emails": [{"value": "a@x.example"}],
                    "urn:pingidentity:schemas:extension:2.0:PingOneUser":
                        {"population": {"id": crate::harness::POPULATION}}});
                if !locale.is_null() {
                    user["locale"] = locale.clone();
                }
                let id = bench.sandbox.seed(user);
                let message = json!({"Operations": operations});
                let answer =
                    bench.send(Method::PATCH, &format!("/Users/{id}"), Some(&message)).await;
                assert_eq!(answer.response.status, 200, "{:?}", answer.record.fault);
                let after = &bench.sandbox.users()[0];
                assert_eq!(after["locale"], locale, "{always} {operations}");
            }
        }
    }
}

// The record that a filter selects is replaced; what only the server knows stays with its value alone.
#[tokio::test]
async fn a_replaced_record_keeps_hidden_facts_of_the_same_value_only() {
    let stored = json!({"id": "1", "userName": "a", "emails": [
        {"value": "a@x", "type": "work", "display": "Old A", "verified": true},
        {"value": "h@x", "type": "home"},
    ]});
    for (value, wanted) in [
        (json!({"value": "b@x", "type": "work"}), json!({"value": "b@x", "type": "work"})),
        (
            json!({"value": "a@x", "type": "other"}),
            json!({"value": "a@x", "type": "other", "verified": true}),
        ),
    ] {
        let line = line(without_patch("scim", "scim"), &stored);
        let operations =
            json!([{"op": "replace", "path": "emails[type eq \"work\"]", "value": value}]);
        let (status, error) = patch(&line, "/Users/1", &operations).await;
        assert_eq!(status, 200, "{error}");
        let emails = written(&line)["emails"].as_array().cloned().unwrap_or_default();
        assert!(emails.contains(&wanted), "{value}: {emails:?}");
        assert!(!emails.iter().any(|email| email["display"] == "Old A"), "{value}: {emails:?}");
    }
}

// What is removed natively and what is removed after a read tell the same references apart.
#[tokio::test]
async fn removals_tell_references_by_case_on_every_way() {
    for (name, value) in [("photos", "A"), ("x509Certificates", "YQ==")] {
        for emulated in [false, true] {
            let bench = Bench::with("scim", "scim", |spec, options| {
                options.hidden = json!({});
                if emulated {
                    spec.upstream = without_patch("scim", "scim").upstream;
                }
            });
            let stored = [value.to_lowercase(), value.to_owned(), "Zz".to_owned()];
            let elements: Vec<Json> = stored.iter().map(|value| json!({"value": value})).collect();
            let id = bench.sandbox.seed(json!({"userName": "a", name: elements}));
            let message = json!({"Operations": [
                {"op": "remove", "path": name, "value": [{"value": value}, {"value": "Zz"}]}]});
            let answer = bench.send(Method::PATCH, &format!("/Users/{id}"), Some(&message)).await;
            assert_eq!(answer.response.status, 200, "{:?}", answer.record.fault);
            let left = json!([{"value": value.to_lowercase()}]);
            assert_eq!(bench.sandbox.users()[0][name], left, "{name} {emulated}");
        }
    }
}

// A reference may hold colons and blanks.
#[tokio::test]
async fn free_keys_with_colons_and_blanks_are_patched() {
    let attributes = "urn:omni:params:1.0:UserAttribute";
    for key in ["cost center", "a:b", "unit: 7", "Région"] {
        let bench = Bench::with("scim", "omni", |_, options| {
            options.hidden = json!({});
            let kind = scim_gateway::sandbox::OmniKind::Text;
            options.omni_attributes.insert(key.to_owned(), kind);
        });
        let id = bench
            .sandbox
            .seed(json!({"userName": "a@x.example", "displayName": "A", "active": true}));
        let path = format!("{attributes}:{key}");
        for operation in [
            json!({"op": "add", "path": path, "value": "one"}),
            json!({"op": "replace", "value": {path.as_str(): "one"}}),
            json!({"op": "replace", "value": {attributes: {key: "one"}}}),
        ] {
            let message = json!({"Operations": [operation]});
            let answer = bench.send(Method::PATCH, &format!("/Users/{id}"), Some(&message)).await;
            assert_eq!(answer.response.status, 200, "{key} {:?}", answer.record.fault);
            let last = bench.sandbox.requests().pop().expect("a call");
            assert_eq!(last.method, Method::PATCH, "{key}: natively");
            assert_eq!(bench.sandbox.users()[0][attributes][key], "one", "{key}");
        }
    }
}

/// A group dialect that wants a reference in each member.
fn with_references(patches: bool) -> RouteSpec {
    let mut spec = if patches { spec("scim", "scim") } else { without_patch("scim", "scim") };
    let mut dialect: Dialect = spec.upstream.as_ref().clone();
    for resource in dialect.resources.iter_mut().filter(|r| r.schema.resource == "Group") {
        let members = resource.schema.attributes.iter_mut().find(|a| a.name == "members");
        let reference = members.expect("members").attributes.iter_mut().find(|a| a.name == "$ref");
        reference.expect("a reference").required =
            Operations::of(&[Operation::Create, Operation::Replace]);
    }
    spec.upstream = Arc::new(dialect);
    spec.group_overlays.push(overlay(
        "version = 1\ndialect = \"scim\"\nresource = \"Group\"\n\n[[fill]]\nvendor = \"$.members[*]['$ref']\"\n\
         from = [\"https://up.example/Users/{members[*].value}\"]\nloss = \"references are made of ids\"\n",
    ));
    spec
}

// What the vendor demands of an element is filled where one is added, whatever way the change goes.
#[tokio::test]
async fn an_added_element_gets_what_the_vendor_demands_of_it() {
    let one = json!({"value": "u1", "$ref": "https://up.example/Users/u1"});
    let two = json!({"value": "u2", "$ref": "https://up.example/Users/u2"});
    let add = json!([{"op": "add", "path": "members", "value": [{"value": "u2"}]}]);
    let both =
        json!([{"op": "replace", "path": "members", "value": [{"value": "u1"}, {"value": "u2"}]}]);
    for decorated in [true, false] {
        let old = if decorated { one.clone() } else { json!({"value": "u1"}) };
        let stored = json!({"id": "1", "displayName": "G", "members": [old]});
        for (patches, operations) in [(true, &add), (true, &both), (false, &add), (false, &both)] {
            let line = lasting(with_references(patches), &stored);
            let (status, error) = patch(&line, "/Groups/1", operations).await;
            assert_eq!(status, 200, "{patches} {operations} {error}");
            let sent = written(&line);
            let wanted = match patches {
                true => json!([{"op": "add", "path": "members", "value": [two]}]),
                false => json!([one, two]),
            };
            let sent = if patches { &sent["Operations"] } else { &sent["members"] };
            assert_eq!(sent, &wanted, "{decorated} {patches} {operations}");
        }
    }
    let line = line(with_references(true), &json!({"id": "1", "displayName": "G"}));
    let group = json!({"displayName": "G", "members": [{"value": "u1"}, {"value": "u2"}]});
    let outcome = line.send("POST", "/Groups", &[], group.to_string().as_bytes()).await;
    assert_eq!(outcome.response.status, 201, "{:?}", outcome.record.fault);
    assert_eq!(said(&line.calls()[0])["members"], json!([one, two]));
}

// Double adds: a server that keeps a member twice is shown to have it once, and one removal takes both.
#[tokio::test]
async fn a_member_that_is_stored_twice_is_there_once() {
    let members = json!([{"value": "u1"}, {"value": "u2", "type": "User"}, {"value": "u1", "display": "One"}]);
    let stored = json!({"id": "1", "displayName": "G", "members": members});
    let once = json!([{"value": "u1", "display": "One"}, {"value": "u2", "type": "User"}]);
    let line = line(spec("scim", "scim"), &stored);
    let add =
        json!([{"op": "add", "path": "members", "value": [{"value": "u1"}, {"value": "u1"}]}]);
    let (status, shown) = patch(&line, "/Groups/1", &add).await;
    assert_eq!((status, &shown["members"]), (200, &once));
    assert_eq!(written(&line)["Operations"][0]["value"], json!([{"value": "u1"}]));
    let shown = body(&line.send("GET", "/Groups/1", &[], b"").await);
    assert_eq!(shown["members"], once);
    let list = json!({"totalResults": 1, "Resources": [stored]});
    let listing = line_of_list(&list);
    let shown = body(&listing.send("GET", "/Groups", &[], b"").await);
    assert_eq!(shown["Resources"][0]["members"], once);
    let putting = lasting(without_patch("scim", "scim"), &stored);
    let rest = json!({"displayName": "G", "members": [{"value": "u2", "type": "User"}]});
    let outcome = putting.send("PUT", "/Groups/1", &[], rest.to_string().as_bytes()).await;
    assert_eq!(outcome.response.status, 200, "{:?}", outcome.record.fault);
    assert_eq!(written(&putting)["members"], rest["members"]);
}

fn line_of_list(list: &Json) -> Line {
    line(spec("scim", "scim"), list)
}

// Found by `make laws CASES=10000`: what a rule does not know is not shown, and whoever removes the attribute
// natively would remove what nobody saw.
#[tokio::test]
async fn a_removal_leaves_a_value_that_its_rule_does_not_know() {
    let remove = json!([{"op": "remove", "path": "userType"}]);
    let clear = json!([{"op": "replace", "path": "userType", "value": null}]);
    for otherwise in ["drop", "refuse"] {
        let rule = format!(
            "version = 1\ndialect = \"scim\"\nresource = \"User\"\n\n[[map]]\ncanonical = \"$.userType\"\nvendor = \"$.title\"\n\
             values = [[\"Employee\", \"FTE\"]]\notherwise = \"{otherwise}\"\nloss = \"others are not known\"\n"
        );
        for (title, operations) in
            [("Unlisted", &remove), ("Unlisted", &clear), ("FTE", &remove), ("FTE", &clear)]
        {
            let mut spec = spec("scim", "scim");
            spec.overlays.push(overlay(&rule));
            let stored = json!({"id": "1", "userName": "a", "title": title});
            let line = line(spec, &stored);
            let (status, _) = patch(&line, "/Users/1", operations).await;
            let written = written(&line).to_string();
            let goes = title == "FTE";
            assert_eq!(
                written.contains("title"),
                goes,
                "{otherwise} {title} {operations}: {written}"
            );
            assert!(goes || status < 300, "{otherwise} {title}: {status}");
        }
    }
}
