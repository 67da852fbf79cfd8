//! No personal data and no secret leaves by a side door: logs, metrics, error details, headers.

use http::Method;
use serde_json::{Value as Json, json};

use crate::harness::spec;
use crate::scripted::{Line, Watched, answer};

/// In every value that a client or an upstream says.
const MARK: &str = "zebra7qx";

fn user() -> Json {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": format!("id-{MARK}"), "userName": format!("u-{MARK}@a.example"),
        "displayName": format!("d {MARK}"), "nickName": MARK, "title": MARK, "password": MARK,
        "name": {"givenName": MARK, "familyName": MARK}, "active": true,
        "emails": [{"value": format!("e-{MARK}@a.example"), "type": "work", "primary": true}],
        "phoneNumbers": [{"value": MARK, "type": MARK}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": MARK},
        "urn:omni:params:1.0:UserAttribute": {"note": MARK}
    })
}

fn broken(at: &str, value: Json) -> String {
    let mut user = user();
    user[at] = value;
    user.to_string()
}

/// Requests that succeed or fail, each with the mark all over.
fn requests() -> Vec<(&'static str, String, String)> {
    let one = format!("/Users/id-{MARK}");
    let op = |op: Json| json!({"Operations": [op]}).to_string();
    let mut all = vec![
        ("POST", "/Users".to_owned(), user().to_string()),
        ("PUT", one.clone(), user().to_string()),
        ("GET", one.clone(), String::new()),
        ("DELETE", one.clone(), String::new()),
        ("GET", format!("/Users?filter=userName%20eq%20%22u-{MARK}%40a.example%22"), String::new()),
        ("GET", format!("/Users?filter=userName%20{MARK}%20%22{MARK}%22"), String::new()),
        ("GET", format!("/Users?filter=userName%20eq%20{MARK}"), String::new()),
        ("GET", format!("/Users?filter=%22{MARK}%22%20eq"), String::new()),
        ("GET", format!("/Users?count={MARK}&startIndex={MARK}"), String::new()),
        ("GET", format!("/Users?sortOrder={MARK}&sortBy=userName"), String::new()),
        ("GET", format!("/Users/{MARK}%2F"), String::new()),
        ("PUT", format!("/{MARK}"), user().to_string()),
        ("POST", "/Users".to_owned(), format!("{{\"userName\":\"{MARK}")),
        ("POST", "/Users".to_owned(), format!("{{\"userName\":{MARK}}}")),
        ("POST", "/Users".to_owned(), format!("\"{MARK}\"")),
        (
            "POST",
            "/Users/.search".to_owned(),
            json!({"filter": format!("userName eq {MARK}")}).to_string(),
        ),
    ];
    for (at, value) in [
        ("userName", json!([MARK])),
        ("userName", json!({"x": MARK})),
        ("userName", json!("")),
        ("active", json!(MARK)),
        ("emails", json!(MARK)),
        ("emails", json!([{"value": {"x": MARK}}])),
        ("name", json!(MARK)),
        ("phoneNumbers", json!([[MARK]])),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", json!(MARK)),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            json!({"manager": {"value": [MARK]}}),
        ),
    ] {
        all.push(("POST", "/Users".to_owned(), broken(at, value.clone())));
        all.push(("PUT", one.clone(), broken(at, value.clone())));
        let path = if at.starts_with("urn:") { format!("{at}:department") } else { at.to_owned() };
        all.push((
            "PATCH",
            one.clone(),
            op(json!({"op": "replace", "path": path, "value": value})),
        ));
    }
    for given in [
        json!({"op": MARK, "path": "active", "value": MARK}),
        json!({"op": "replace", "path": format!("emails[value eq \"{MARK}\"].value"), "value": MARK}),
        json!({"op": "remove", "path": format!("emails[value eq \"{MARK}\"]")}),
        json!({"op": "remove", "path": "emails", "value": [{"value": MARK}]}),
        json!({"op": "replace", "path": format!("emails[value eq {MARK}"), "value": 1}),
        json!({"op": "replace", "path": "id", "value": MARK}),
        json!({"op": "replace", "path": "title", "value": MARK}),
        json!({"op": "add", "path": "urn:omni:params:1.0:UserAttribute:note", "value": MARK}),
    ] {
        all.push(("PATCH", one.clone(), op(given)));
    }
    all
}

#[tokio::test]
async fn no_value_is_in_a_log_a_metric_a_detail_or_a_header() {
    // What the dialect names passes, scrubbed of hosts; nothing else of an error does.
    let text = format!("no such thing at https://{MARK}.example/{MARK}");
    let error =
        json!({"schemas": [MARK], "status": "400", "message": text, "error": text, "stack": MARK});
    let listed = json!({"totalResults": 1, "Resources": [user()]});
    let answers: Vec<(u16, String)> = vec![
        (200, user().to_string()),
        (200, listed.to_string()),
        (200, broken("id", json!([MARK]))),
        (200, broken("emails", json!(MARK))),
        (200, format!("<html>{MARK}")),
        (200, format!("{{\"userName\":\"{MARK}")),
        (302, String::new()),
        (400, error.to_string()),
        (401, error.to_string()),
        (404, error.to_string()),
        (409, error.to_string()),
        (500, MARK.to_owned()),
    ];
    let mut wrong = Vec::new();
    for (client, upstream) in [
        ("scim", "omni"),
        ("scim", "pingone"),
        ("scim", "descope"),
        ("scim", "scim"),
        ("omni", "pingone"),
        ("descope", "scim"),
        ("pingone", "omni"),
    ] {
        for (status, body) in &answers {
            let (status, body) = (*status, body.clone());
            let said = body.clone();
            let line = Line::with(spec(client, upstream), move |_, request| {
                let created = request.method == Method::POST && status == 200;
                let location = [("location", "https://zebra7qx.example/zebra7qx")];
                answer(if created { 201 } else { status }, &location, &said)
            });
            for (method, below, sent) in requests() {
                let watched = Watched::new();
                let headers = [("x-request-id", "r1"), ("if-none-match", "\"zebra7qx\"")];
                let token = [("authorization", "Bearer zebra7qx"), headers[0], headers[1]];
                let outcome = line.send(method, &below, &token, sent.as_bytes()).await;
                watched.exchange(&line.route, &outcome);
                let mut shown = vec![watched.log(), watched.metrics.text()];
                let failed = outcome.record.fault.is_some();
                for (name, value) in &outcome.response.headers {
                    let answers_with_id = !failed && name == "location";
                    shown.extend((!answers_with_id).then(|| format!("{name}: {value:?}")));
                }
                if failed {
                    shown.push(String::from_utf8_lossy(&outcome.response.body).into_owned());
                }
                for text in shown.iter().filter(|text| text.contains(MARK)) {
                    let text: String = text.lines().filter(|line| line.contains(MARK)).collect();
                    wrong.push(format!(
                        "{client} -> {upstream}, {method} {below} {sent} / {status} {body}: {text}"
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} times, first {}",
        wrong.len(),
        wrong[..wrong.len().min(6)].join("\n\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_writes_no_log_of_its_own() {
    let watched = Watched::new();
    let line = Line::new("scim", "omni", |_, _| answer(500, &[], MARK));
    let runtime = tokio::runtime::Handle::current();
    let sent = user().to_string();
    tokio::task::block_in_place(|| {
        watched.capture(|| runtime.block_on(line.send("POST", "/Users", &[], sent.as_bytes())));
    });
    assert_eq!(watched.log(), "", "the edge writes one line, and it alone");
}
