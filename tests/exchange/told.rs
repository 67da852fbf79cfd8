//! A done write is told as done, and a failure as a failure, whatever the upstream's answer leaves out.

use std::sync::Arc;

use http::Method;
use scim_gateway::exchange::Outcome;
use scim_gateway::fault::Cause;
use scim_gateway::gateway::RouteSpec;
use scim_gateway::scim::http::Request;
use scim_gateway::scim::schema::{Operation, Operations};
use serde_json::{Value as Json, json};

use crate::harness::{body, spec};
use crate::scripted::{Line, answer};
use crate::versions::cause;

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

fn ann() -> Json {
    json!({"schemas": [USER], "userName": "ann@corp.example", "displayName": "Ann", "active": true,
        "title": "Boss"})
}

/// Ann as the upstream has her.
fn stored(id: &str) -> Json {
    let mut user = ann();
    user["id"] = json!(id);
    user
}

fn group(members: &[&str]) -> Json {
    let members: Vec<Json> = members.iter().map(|id| json!({"value": id})).collect();
    json!({"displayName": "Ops", "members": members})
}

async fn send(line: &Line, method: &str, below: &str, body: &Json) -> Outcome {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    line.send(method, below, &[("content-type", "application/json")], text.as_bytes()).await
}

/// Method and path below the upstream's base, of each call.
fn calls(line: &Line) -> Vec<String> {
    let base = line.route.upstream_base.clone();
    let told = |call: Request| format!("{} {}", call.method, call.path.replace(&base, ""));
    line.calls().into_iter().map(told).collect()
}

fn list(resources: &[Json]) -> String {
    json!({"totalResults": resources.len(), "startIndex": 1, "itemsPerPage": resources.len(),
        "Resources": resources})
    .to_string()
}

fn error(status: &str) -> String {
    json!({"schemas": [ERROR], "status": status, "detail": "the last owner stays"}).to_string()
}

/// An upstream whose dialect is `scim` with another surface.
pub fn shaped(change: impl Fn(&mut scim_gateway::dialect::Resource)) -> RouteSpec {
    let mut spec = spec("scim", "scim");
    let mut dialect = (*spec.upstream).clone();
    dialect.resources.iter_mut().for_each(change);
    spec.upstream = Arc::new(dialect);
    spec
}

// A create is read once where its answer says too little.
#[tokio::test]
async fn what_was_created_is_read_once_where_its_answer_says_too_little() {
    let thin = [
        ("", "/scim/v2/Users/9"),
        ("", "https://elsewhere.example/other/base/users/9?x=1"),
        ("{}", "Users/9"),
        ("{\"id\":9}", ""),
        ("{\"id\":\"9\",\"userName\":\"ann@corp.example\"}", "/Users/wrong"),
        ("{\"userName\":", "/scim/v2/Users/9/"),
    ];
    for (answered, location) in thin {
        for status in [201, 200] {
            let line = Line::new("scim", "scim", move |_, request| match request.method {
                Method::POST if location.is_empty() => answer(status, &[], answered),
                Method::POST => answer(status, &[("location", location)], answered),
                _ => answer(200, &[], &stored("9").to_string()),
            });
            let outcome = send(&line, "POST", "/Users", &ann()).await;
            assert_eq!(outcome.response.status, 201, "{answered} {:?}", outcome.record.fault);
            assert_eq!(body(&outcome)["id"], "9", "{answered}");
            assert_eq!(body(&outcome)["title"], "Boss", "{answered}");
            assert_eq!(calls(&line), ["POST /Users", "GET /Users/9"], "{answered}");
            let place = outcome.response.headers["location"].to_str().unwrap();
            assert!(place.ends_with("/scim/v2/Users/9"), "{place}");
        }
    }
    let line = Line::new("scim", "scim", |_, request| match request.method {
        Method::POST => answer(201, &[("location", "/scim/v2/Groups/a%2Fb%5Cc")], ""),
        _ => answer(
            200,
            &[],
            &json!({"displayName": "Ops", "members": [{"value": "1"}]}).to_string(),
        ),
    });
    let outcome = send(&line, "POST", "/Groups", &group(&["1"])).await;
    assert_eq!((outcome.response.status.as_u16(), &body(&outcome)["id"]), (201, &json!("a/b\\c")));
    assert_eq!(calls(&line), ["POST /Groups", "GET /Groups/a%2Fb%5Cc"]);
    // What says all that was asked is not read.
    let line = Line::new("scim", "scim", |_, _| answer(201, &[], &stored("9").to_string()));
    assert_eq!(send(&line, "POST", "/Users", &ann()).await.response.status, 201);
    assert_eq!(calls(&line).len(), 1);
}

// A created account is never told as not created.
#[tokio::test]
async fn what_was_created_and_cannot_be_read_is_told_as_far_as_it_is_known() {
    let mut sent = ann();
    sent["password"] = json!("s3cr3t-zebra");
    for (status, failure) in [(500, ""), (404, "{}"), (200, "<html>"), (403, "{}")] {
        let line = Line::new("scim", "scim", move |_, request| match request.method {
            Method::POST => answer(201, &[("location", "/scim/v2/Users/9")], ""),
            _ => answer(status, &[], failure),
        });
        let outcome = send(&line, "POST", "/Users", &sent).await;
        assert_eq!(outcome.response.status, 201, "{status} {:?}", outcome.record.fault);
        let shown = body(&outcome);
        assert_eq!((&shown["id"], &shown["userName"]), (&json!("9"), &sent["userName"]));
        assert_eq!(shown["title"], "Boss");
        assert!(!shown.to_string().contains("zebra"), "{shown}");
        assert!(!outcome.response.headers.contains_key("etag"));
    }
}

// Neither id nor Location.
#[tokio::test]
async fn what_was_created_without_a_name_is_looked_up() {
    let found =
        [(list(&[stored("9")]), 201), (list(&[]), 502), (list(&[stored("1"), stored("2")]), 502)];
    for (page, status) in found {
        // A URL that leads to somebody else, and one that leads nowhere.
        for location in ["/scim/v2/Users/7", "/scim/v2/Users/..", "/elsewhere/9", ""] {
            let page = page.clone();
            let line = Line::new("scim", "scim", move |_, request| {
                match (&request.method, request.query.is_some()) {
                    (&Method::POST, _) => answer(201, &[("location", location)], "{}"),
                    (_, true) => answer(200, &[], &page),
                    _ => answer(200, &[], &stored("7").to_string().replace("ann@", "bob@")),
                }
            });
            let outcome = send(&line, "POST", "/Users", &ann()).await;
            assert_eq!(outcome.response.status, status, "{location} {:?}", outcome.record.fault);
            if status == 201 {
                assert_eq!(body(&outcome)["id"], "9");
            } else {
                let detail = body(&outcome)["detail"].to_string();
                assert!(detail.contains("was created"), "{detail}");
            }
        }
    }
}

#[tokio::test]
async fn what_was_written_and_cannot_be_read_is_told_as_done() {
    let patch = json!({"Operations": [{"op": "replace", "path": "title", "value": "Boss"}]});
    for (status, answered) in [(204, ""), (200, ""), (200, "{}"), (200, "{\"id\":"), (200, "[]")] {
        for reset in [false, true] {
            let mut spec = spec("scim", "scim");
            if reset {
                spec.policies.replace = scim_gateway::gateway::route::Replace::Reset;
            }
            let line = Line::with(spec, move |number, request| match request.method {
                Method::GET if number == 0 => {
                    let mut old = stored("9");
                    old["title"] = json!("Clerk");
                    answer(200, &[], &old.to_string())
                }
                Method::GET => answer(500, &[], ""),
                _ => answer(status, &[], answered),
            });
            let outcome = send(&line, "PUT", "/Users/9", &ann()).await;
            assert_eq!(outcome.response.status, 200, "{answered} {:?}", outcome.record.fault);
            assert_eq!(body(&outcome)["title"], "Boss", "{answered} {reset}");
            assert_eq!(body(&outcome)["id"], "9", "{answered} {reset}");
        }
        let line = Line::new("scim", "scim", move |_, request| match request.method {
            Method::GET => answer(500, &[], ""),
            _ => answer(status, &[], answered),
        });
        let outcome = send(&line, "PATCH", "/Users/9", &patch).await;
        assert_eq!(outcome.response.status, 204, "{answered} {:?}", outcome.record.fault);
        assert!(outcome.response.body.is_empty());
        let outcome = send(&line, "PATCH", "/Users/9?attributes=title", &patch).await;
        assert_eq!(outcome.response.status, 200, "{answered}");
    }
}

#[tokio::test]
async fn an_error_is_one_whatever_the_status_of_its_answer() {
    let patch = json!({"Operations": [{"op": "replace", "path": "title", "value": "B"}]});
    let requests = [
        ("POST", "/Users", ann()),
        ("PUT", "/Users/9", ann()),
        ("PATCH", "/Users/9", patch),
        ("GET", "/Users/9", Json::Null),
        ("DELETE", "/Users/9", Json::Null),
        ("GET", "/Users", Json::Null),
    ];
    let errors = [
        (error("400"), 400),
        (json!({"schemas": [ERROR], "status": 413, "detail": "x"}).to_string(), 413),
        (json!({"schemas": [ERROR], "scimType": "invalidValue"}).to_string(), 400),
        (json!({"schemas": [ERROR], "status": "503"}).to_string(), 503),
        (json!({"schemas": [ERROR]}).to_string(), 502),
        (json!({"status": "400", "detail": "x"}).to_string(), 400),
        (json!({"scimType": "mutability", "detail": "x"}).to_string(), 400),
    ];
    for (method, below, sent) in &requests {
        for (said, status) in &errors {
            for http in [200, 201, 202] {
                let answered = said.clone();
                let line = Line::new("scim", "scim", move |_, _| answer(http, &[], &answered));
                let outcome = send(&line, method, below, sent).await;
                assert_eq!(
                    outcome.response.status.as_u16(),
                    *status,
                    "{method} {below} {http} {said}"
                );
            }
        }
        // The same behind a failure that says less.
        for http in [400, 500, 503] {
            let line = Line::new("scim", "scim", move |_, _| {
                answer(http, &[], &json!({"schemas": [ERROR], "status": "413"}).to_string())
            });
            let outcome = send(&line, method, below, sent).await;
            assert_eq!(outcome.response.status, 413, "{method} {below} {http}");
        }
    }
    // A conflict is one too, and a vendor's own form.
    let taken = json!({"schemas": [ERROR], "status": "409", "scimType": "uniqueness"}).to_string();
    let line = Line::new("scim", "scim", move |_, _| answer(200, &[], &taken));
    assert_eq!(cause(&send(&line, "POST", "/Users", &ann()).await), Some(Cause::UpstreamConflict));
    let own = json!({"id": "e-1", "code": "INVALID_VALUE", "message": "no"}).to_string();
    let line = Line::new("scim", "pingone", move |_, _| answer(201, &[], &own));
    let mut named = ann();
    named["name"] = json!({"givenName": "A", "familyName": "B"});
    named["emails"] = json!([{"value": "ann@corp.example", "type": "work", "primary": true}]);
    let outcome = send(&line, "POST", "/Users", &named).await;
    assert_eq!(outcome.response.status, 400, "{:?}", outcome.record.fault);
}

#[tokio::test]
async fn a_request_that_is_taken_for_later_is_not_done() {
    for (method, below) in [("POST", "/Users"), ("PUT", "/Users/9"), ("DELETE", "/Users/9")] {
        let line = Line::new("scim", "scim", |_, request| match request.method {
            Method::GET => answer(200, &[], &stored("9").to_string().replace("Boss", "Clerk")),
            _ => answer(202, &[], &stored("9").to_string()),
        });
        let sent = if method == "DELETE" { Json::Null } else { ann() };
        let outcome = send(&line, method, below, &sent).await;
        assert_eq!(outcome.response.status, 502, "{method}");
        assert!(body(&outcome)["detail"].to_string().contains("later"), "{method}");
    }
}

#[tokio::test]
async fn a_deletion_that_is_answered_in_words_is_made_sure_of() {
    for (said, there, status) in [
        ("<html>log in</html>", true, 502),
        ("<html>log in</html>", false, 204),
        ("{\"detail\":\"not today\"}", true, 502),
        ("{\"detail\":\"deleted\"}", false, 204),
        ("{}", true, 204),
        ("", true, 204),
        // Words that the dialect does not know are words.
        ("{\"ok\":\"false\"}", true, 502),
        ("{\"result\":{\"done\":0}}", true, 502),
        ("{\"ok\":\"true\"}", false, 204),
        ("[]", true, 502),
        // The resource that went is none.
        ("{\"id\":\"9\",\"userName\":\"ann@corp.example\"}", true, 204),
    ] {
        let line = Line::new("scim", "scim", move |_, request| match request.method {
            Method::DELETE => answer(200, &[], said),
            _ if there => answer(200, &[], &stored("9").to_string()),
            _ => answer(404, &[], "{}"),
        });
        let outcome = send(&line, "DELETE", "/Users/9", &Json::Null).await;
        assert_eq!(outcome.response.status, status, "{said} {there}");
    }
}

#[tokio::test]
async fn a_deletion_in_doubt_that_nobody_can_look_at_is_taken_at_its_word_and_no_other() {
    let get = |has: bool| {
        shaped(move |resource| {
            use Operation::{Create, Delete, Get, List, Patch, Replace, Search};
            let all = [Create, Replace, Patch, Delete, List, Search, Get];
            let listed = if has { &all[..] } else { &all[..6] };
            resource.operations = Operations::of(listed);
        })
    };
    for (has, read, status) in [(false, 200, 204), (true, 500, 502), (true, 403, 502)] {
        let line = Line::with(get(has), move |_, request| match request.method {
            Method::DELETE => answer(200, &[], "{\"ok\":\"perhaps\"}"),
            _ => answer(read, &[], "{}"),
        });
        let outcome = send(&line, "DELETE", "/Users/9", &Json::Null).await;
        assert_eq!(outcome.response.status, status, "{has} {read}: {:?}", outcome.record.fault);
    }
}

// What the upstream does not do is 501, by whatever status it says so.
#[tokio::test]
async fn a_method_that_the_upstream_has_not_is_not_implemented() {
    let patch = json!({"Operations": [{"op": "replace", "path": "title", "value": "B"}]});
    for (method, sent) in [("PUT", ann()), ("PATCH", patch)] {
        for (status, said, wanted, read) in [
            (501, String::new(), 501, false),
            (501, error("501"), 501, false),
            (405, String::new(), 501, false),
            (404, String::new(), 501, true),
            (404, "{}".to_owned(), 501, true),
            (404, "<html>Cannot PUT</html>".to_owned(), 501, true),
            (404, error("404"), 404, false),
        ] {
            let mut spec = spec("scim", "scim");
            spec.policies.replace = scim_gateway::gateway::route::Replace::Reset;
            let line = Line::with(spec, move |_, request| match request.method {
                Method::GET => answer(200, &[], &stored("9").to_string()),
                _ => answer(status, &[], &said),
            });
            let outcome = send(&line, method, "/Users/9", &sent).await;
            assert_eq!(outcome.response.status, wanted, "{method} {status}");
            assert!(!outcome.response.headers.contains_key("retry-after"));
            assert_eq!(calls(&line).len(), 1 + usize::from(read), "{method} {status}");
        }
        // Where nothing is there, it is gone.
        let line = Line::new("scim", "scim", |_, _| answer(404, &[], ""));
        assert_eq!(send(&line, method, "/Users/9", &sent).await.response.status, 404);
    }
    for (method, below) in
        [("POST", "/Users"), ("GET", "/Users/9"), ("GET", "/Users"), ("DELETE", "/Users/9")]
    {
        for status in [405, 501] {
            let line = Line::new("scim", "scim", move |_, _| answer(status, &[], ""));
            let sent = if method == "POST" { ann() } else { Json::Null };
            let outcome = send(&line, method, below, &sent).await;
            assert_eq!(cause(&outcome), Some(Cause::NotImplemented), "{method} {below} {status}");
        }
    }
}

// A server that fails over a resource which is not there.
#[tokio::test]
async fn a_failure_over_what_is_not_there_is_told_as_gone() {
    let patch = json!({"Operations": [{"op": "replace", "path": "title", "value": "B"}]});
    for (method, sent) in [("PATCH", &patch), ("DELETE", &Json::Null)] {
        for (said, there, wanted) in
            [(error("500"), false, 404), (error("500"), true, 502), (String::new(), false, 502)]
        {
            let line = Line::new("scim", "scim", move |_, request| match request.method {
                Method::GET if there => answer(200, &[], &stored("9").to_string()),
                Method::GET => answer(404, &[], &error("404")),
                _ => answer(500, &[], &said),
            });
            let outcome = send(&line, method, "/Users/9", sent).await;
            assert_eq!(outcome.response.status, wanted, "{method} {there}");
        }
    }
}

// What an upstream refuses of one resource is not for its credentials.
#[tokio::test]
async fn a_refusal_of_one_resource_is_told_in_its_words() {
    let patch = json!({"Operations": [{"op": "replace", "path": "active", "value": false}]});
    for (method, below, sent) in [
        ("PATCH", "/Users/9", &patch),
        ("DELETE", "/Users/9", &Json::Null),
        ("GET", "/Users/9", &Json::Null),
        ("POST", "/Users", &ann()),
    ] {
        for (status, said, wanted) in [
            (403, error("403"), 403),
            (403, "{}".into(), 502),
            (403, "<html>".into(), 502),
            (401, error("401"), 502),
        ] {
            let line = Line::new("scim", "scim", move |_, _| answer(status, &[], &said));
            let outcome = send(&line, method, below, sent).await;
            assert_eq!(outcome.response.status, wanted, "{method} {status}");
            let words = body(&outcome)["detail"].to_string().contains("the last owner stays");
            assert_eq!(words, wanted == 403, "{method} {status}");
        }
    }
    let line = Line::new("scim", "scim", |_, _| answer(403, &[], &error("403")));
    assert_eq!(send(&line, "GET", "/Users", &Json::Null).await.response.status, 502);
}

// What a dialect does not list is refused, and nothing is sent.
#[tokio::test]
async fn an_operation_that_the_dialect_does_not_list_is_not_called() {
    use Operation::{Create, Delete, Get, List, Patch, Replace, Search};
    let patch = json!({"Operations": [{"op": "replace", "path": "displayName", "value": "B"}]});
    let search = json!({"filter": "displayName eq \"x\""});
    let requests: [(&str, &str, Json, &[Operation]); 7] = [
        ("POST", "", ann(), &[Create]),
        ("GET", "/9", Json::Null, &[Get]),
        ("PUT", "/9", ann(), &[Replace, Patch]),
        ("PATCH", "/9", patch, &[Replace, Patch]),
        ("DELETE", "/9", Json::Null, &[Delete]),
        ("GET", "", Json::Null, &[List, Search]),
        ("POST", "/.search", search, &[List, Search]),
    ];
    for kind in ["Users", "Groups"] {
        for (method, below, sent, needs) in &requests {
            let left: Vec<Operation> =
                Operation::ALL.into_iter().filter(|operation| !needs.contains(operation)).collect();
            let left = Operations::of(&left);
            let spec = shaped(|resource| resource.operations = left);
            let line = Line::with(spec, |_, _| answer(200, &[], &stored("9").to_string()));
            let outcome = send(&line, method, &format!("/{kind}{below}"), sent).await;
            assert_eq!(outcome.response.status, 501, "{method} {kind}{below}");
            assert_eq!(calls(&line), Vec::<String>::new(), "{method} {kind}{below}");
            if *method == "GET" || below.contains("search") {
                continue;
            }
            let path = format!("/{kind}{below}");
            let bulk = json!({"Operations":
                [{"method": method, "path": path, "bulkId": "1", "data": sent}]});
            let outcome = send(&line, "POST", "/Bulk", &bulk).await;
            assert_eq!(body(&outcome)["Operations"][0]["status"], "501", "{method} {path}");
            assert_eq!(calls(&line), Vec::<String>::new(), "{method} {path}");
        }
    }
    for (method, needs) in [("GET", Get), ("PUT", Get), ("DELETE", Delete)] {
        let left: Vec<Operation> = Operation::ALL.into_iter().filter(|of| *of != needs).collect();
        let left = Operations::of(&left);
        let line = Line::with(shaped(|resource| resource.operations = left), |_, _| {
            answer(200, &[], &stored("9").to_string())
        });
        let sent = if method == "PUT" { ann() } else { Json::Null };
        assert_eq!(send(&line, method, "/Me", &sent).await.response.status, 501, "{method}");
        assert_eq!(calls(&line), Vec::<String>::new(), "{method}");
    }
}

// What stands in for an operation is listed too, or it is not done.
#[tokio::test]
async fn an_emulation_needs_the_operations_that_it_is_made_of() {
    use Operation::{Create, Delete, Get, List, Patch, Replace};
    let with = |operations: &[Operation]| {
        let left = Operations::of(operations);
        Line::with(shaped(|resource| resource.operations = left), |_, request| {
            match request.method {
                Method::GET => answer(200, &[], &stored("9").to_string()),
                Method::DELETE => answer(204, &[], ""),
                _ => answer(200, &[], &stored("9").to_string().replace("Boss", "B")),
            }
        })
    };
    let patch = json!({"Operations": [{"op": "replace", "path": "title", "value": "B"}]});
    let mut renamed = ann();
    renamed["title"] = json!("B");
    let line = with(&[Get, Patch]);
    assert_eq!(send(&line, "PUT", "/Users/9", &renamed).await.response.status, 200);
    assert_eq!(calls(&line), ["GET /Users/9", "PATCH /Users/9"]);
    let line = with(&[Get, Replace]);
    assert_eq!(send(&line, "PATCH", "/Users/9", &patch).await.response.status, 200);
    assert_eq!(calls(&line), ["GET /Users/9", "PUT /Users/9"]);
    let line = with(&[Create, Replace, Delete, List]);
    assert_eq!(send(&line, "PATCH", "/Users/9", &patch).await.response.status, 501);
    assert_eq!(calls(&line), Vec::<String>::new(), "PATCH cannot be made of PUT without GET");
    let line = with(&[Patch]);
    assert_eq!(send(&line, "PATCH", "/Users/9", &patch).await.response.status, 200);
    assert_eq!(calls(&line), ["PATCH /Users/9"]);
}
