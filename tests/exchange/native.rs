//! The operations that MUST go over in one native call, for each pair of dialects: one upstream call, its
//! method, its path and its body, byte for byte but for the order of members. (patch_table.rs has the
//! forms of PATCH with what each costs; what stands here may never become an emulation.)

use http::Method;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, body, users_of};

const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const PINGONE: &str = "urn:pingidentity:schemas:extension:2.0:PingOneUser";

struct Row {
    /// Those of the clients that can say it.
    clients: &'static [&'static str],
    upstream: &'static str,
    /// `{user}` and `{group}` stand for ids.
    method: Method,
    below: &'static str,
    body: Json,
    /// Below the upstream's base.
    wire: &'static str,
    sent: Json,
}

const ALL: &[&str] = &["scim", "omni", "pingone", "descope"];
const GROUPS: &[&str] = &["scim", "omni", "descope"];

fn row(
    clients: &'static [&'static str],
    upstream: &'static str,
    (method, below, body): (Method, &'static str, Json),
    wire: &'static str,
    sent: Json,
) -> Row {
    Row { clients, upstream, method, below, body, wire, sent }
}

fn patch(below: &'static str, operations: Json) -> (Method, &'static str, Json) {
    (Method::PATCH, below, json!({"schemas": [PATCH_OP], "Operations": operations}))
}

fn plain(method: Method, below: &'static str) -> (Method, &'static str, Json) {
    (method, below, Json::Null)
}

fn sent(operations: Json) -> Json {
    json!({"schemas": [PATCH_OP], "Operations": operations})
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for upstream in ALL.iter().copied() {
        let at = if upstream == "omni" { "users" } else { "Users" };
        let wire = |text: &'static str| -> &'static str {
            if at == "users" { text.to_lowercase().leak() } else { text }
        };
        rows.push(row(
            ALL,
            upstream,
            plain(Method::GET, "/Users/{user}"),
            wire("/Users/{user}"),
            Json::Null,
        ));
        rows.push(row(
            ALL,
            upstream,
            plain(Method::DELETE, "/Users/{user}"),
            wire("/Users/{user}"),
            Json::Null,
        ));
        // PingOne's pages prefer that a filter is posted.
        let (below, asked) = match upstream {
            "pingone" => (
                "/Users/.search",
                json!({"filter": "userName eq \"ann@corp.example\"", "count": 200}),
            ),
            _ => (wire("/Users"), Json::Null),
        };
        let lookup = "/Users?filter=userName%20eq%20%22ann%40corp.example%22";
        rows.push(row(ALL, upstream, plain(Method::GET, lookup), below, asked));
        if upstream != "descope" {
            let off = json!([{"op": "replace", "path": "active", "value": false}]);
            let pathless = json!([{"op": "Replace", "value": {"active": false}}]);
            let name = json!([{"op": "replace", "path": "userName", "value": "bo@corp.example"}]);
            for (said, asked) in [(off.clone(), &off), (pathless, &off), (name.clone(), &name)] {
                let given = patch("/Users/{user}", said);
                rows.push(row(ALL, upstream, given, wire("/Users/{user}"), sent(asked.clone())));
            }
        }
    }
    rows.extend(users());
    rows.extend(groups());
    rows
}

fn users() -> Vec<Row> {
    let create = json!({"userName": "bo@corp.example", "displayName": "Bo"});
    let named = json!([{"op": "replace", "path": "displayName", "value": "Bo"}]);
    let region = "urn:omni:params:1.0:UserAttribute:region";
    let attribute = json!([{"op": "add", "path": region, "value": "emea"}]);
    let parts = json!([{"op": "replace", "path": "name", "value": {"givenName": "Bo", "familyName": "Li"}}]);
    let apart = json!([{"op": "replace", "path": "name.givenName", "value": "Bo"},
        {"op": "replace", "path": "name.familyName", "value": "Li"}]);
    let gone = json!([{"op": "remove", "path": "title"}]);
    let mails = json!([{"op": "add", "path": "emails", "value": [{"value": "b@x.example", "type": "home"}]}]);
    let at = "/Users/{user}";
    vec![
        row(
            &["scim", "omni"],
            "omni",
            (Method::POST, "/Users", create.clone()),
            "/users",
            create.clone(),
        ),
        row(
            &["scim"],
            "pingone",
            (Method::POST, "/Users", create.clone()),
            "/Users",
            json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", PINGONE], "userName": "bo@corp.example"}),
        ),
        row(
            &["scim", "omni", "descope"],
            "descope",
            (Method::POST, "/Users", create.clone()),
            "/Users",
            create.clone(),
        ),
        row(
            &["scim", "omni", "descope"],
            "scim",
            (Method::POST, "/Users", create),
            "/Users",
            json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "bo@corp.example", "displayName": "Bo"}),
        ),
        row(GROUPS, "omni", patch(at, named.clone()), "/users/{user}", sent(named.clone())),
        row(GROUPS, "scim", patch(at, named.clone()), at, sent(named)),
        row(
            &["scim", "omni"],
            "omni",
            patch(at, attribute.clone()),
            "/users/{user}",
            sent(attribute),
        ),
        row(
            &["scim", "pingone", "descope"],
            "pingone",
            patch(at, parts.clone()),
            at,
            sent(apart.clone()),
        ),
        row(&["scim", "pingone", "descope"], "scim", patch(at, parts), at, sent(apart)),
        row(
            &["scim", "pingone", "descope"],
            "pingone",
            patch(at, gone.clone()),
            at,
            sent(gone.clone()),
        ),
        row(&["scim", "pingone", "descope"], "scim", patch(at, gone.clone()), at, sent(gone)),
        row(&["scim"], "scim", patch(at, mails.clone()), at, sent(mails)),
    ]
}

fn groups() -> Vec<Row> {
    let at = "/Groups/{group}";
    let member = json!([{"value": "{user}"}]);
    let add = json!([{"op": "add", "path": "members", "value": member}]);
    let replace = json!([{"op": "replace", "path": "members", "value": member}]);
    let one = json!([{"op": "remove", "path": "members[value eq \"{user}\"]"}]);
    let by_value = json!([{"op": "Remove", "path": "members", "value": member}]);
    let all = json!([{"op": "remove", "path": "members"}]);
    let named = json!([{"op": "replace", "path": "displayName", "value": "Ops"}]);
    let pathless = json!([{"op": "replace", "value": {"id": "{group}", "displayName": "Ops"}}]);
    let mut rows = Vec::new();
    for upstream in ["omni", "scim", "descope"] {
        let wire = if upstream == "omni" { "/groups/{group}" } else { at };
        let none = json!([{"op": "replace", "path": "members", "value": []}]);
        let removed = if upstream == "scim" { &all } else { &none };
        for (said, asked) in [
            (&add, &add),
            (&replace, &replace),
            (&one, &one),
            (&by_value, &one),
            (&all, removed),
            (&none, removed),
            (&named, &named),
            (&pathless, &named),
        ] {
            // What a client cannot see of a member (its type, or what no schema lists) is read before the
            // whole list is replaced.
            if upstream == "scim" && *said == replace {
                continue;
            }
            let whole = upstream == "scim" && *said == none;
            let clients = if whole { &GROUPS[..1] } else { GROUPS };
            let given = patch(at, said.clone());
            rows.push(row(clients, upstream, given, wire, sent(asked.clone())));
        }
    }
    for upstream in GROUPS.iter().copied() {
        let wire = if upstream == "omni" { "/groups/{group}" } else { at };
        rows.push(row(GROUPS, upstream, plain(Method::GET, at), wire, Json::Null));
        rows.push(row(GROUPS, upstream, plain(Method::DELETE, at), wire, Json::Null));
    }
    rows
}

/// A user without anything hidden, in a group where the upstream has groups; their ids.
async fn seeded(bench: &Bench) -> (String, String) {
    let mut user = json!({"userName": "ann@corp.example", "active": true});
    let text = if bench.route.spec.upstream.name == "omni" { "displayName" } else { "title" };
    user[text] = json!("Engineer");
    let user = bench.sandbox.seed(user);
    if bench.route.groups.is_none() {
        return (user, String::new());
    }
    let group = json!({"displayName": "Sales", "members": [{"value": user}]});
    let made = bench.send(Method::POST, &at(bench, "/Groups"), Some(&group)).await;
    assert_eq!(made.response.status, 201, "{:?}", made.record.fault);
    (user, body(&made)["id"].as_str().expect("an id").to_owned())
}

/// The path as the client's dialect spells it.
fn at(bench: &Bench, below: &str) -> String {
    if users_of(&bench.route.spec.client.name) != "users" {
        return below.to_owned();
    }
    below.replace("/Users", "/users").replace("/Groups", "/groups")
}

#[tokio::test]
async fn what_must_be_native_is_one_call() {
    let mut wrong = Vec::new();
    for row in rows() {
        for client in row.clients {
            let bench = Bench::with(client, row.upstream, |_, options| options.hidden = json!({}));
            let (user, group) = seeded(&bench).await;
            let put = |text: &str| text.replace("{user}", &user).replace("{group}", &group);
            let filled = |json: &Json| -> Json {
                let quoted = json.to_string();
                serde_json::from_str(&put(&quoted)).expect("JSON")
            };
            let given = filled(&row.body);
            let before = bench.sandbox.requests().len();
            let body = (!given.is_null()).then_some(&given);
            let answer = bench.send(row.method.clone(), &put(&at(&bench, row.below)), body).await;
            let calls = bench.sandbox.requests().split_off(before);
            let what = format!("{client} -> {} {} {} {given}", row.upstream, row.method, row.below);
            let [call] = calls.as_slice() else {
                let calls: Vec<&str> = calls.iter().map(|call| call.method.as_str()).collect();
                let fault = answer.record.fault.map(|fault| fault.detail);
                wrong.push(format!("{what}: {calls:?} {fault:?}"));
                continue;
            };
            let wire = format!("{}{}", bench.route.upstream_base, put(row.wire));
            let method = if wire.ends_with("/.search") { &Method::POST } else { &row.method };
            if (&call.method, &call.path) != (method, &wire) {
                wrong.push(format!("{what}: {} {}, not {wire}", call.method, call.path));
            }
            let sent: Json = serde_json::from_slice(&call.body).unwrap_or(Json::Null);
            if sent != filled(&row.sent) {
                wrong.push(format!("{what}: sent {sent}, not {}", filled(&row.sent)));
            }
            if !answer.response.status.is_success() || answer.record.emulated {
                wrong.push(format!("{what}: {} {:?}", answer.response.status, answer.record.fault));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
