//! Every bad input and every bad upstream, in one table: what the client is told in its own dialect,
//! what is counted against whom, what is logged, and what reached the upstream.

use serde_json::{Value as Json, json};

use crate::scripted::{Line, Watched, answer};
use crate::sockets::{Scripted, TOKEN, send, status};
use crate::wire::serve;

const CLIENTS: [&str; 4] = ["scim", "omni", "pingone", "descope"];

/// Stands in attributes, tokens and upstream texts; the client, the log and the metrics must not
/// show it.
const SECRET: &str = "s3cr3t-zebra";
const HOST: &str = "db7.internal.example";

/// A user of the upstream, complete.
const USER: &str = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"7",
    "userName":"s3cr3t-zebra@corp.example","displayName":"A","active":true,
    "emails":[{"value":"s3cr3t-zebra@corp.example","primary":true,"type":"work"}]}"#;

/// Makes the bytes of a request to the client's base path.
trait Packs {
    fn pack(&self, base: &str) -> Vec<u8>;
}

impl<F: Fn(&str) -> Vec<u8>> Packs for F {
    fn pack(&self, base: &str) -> Vec<u8> {
        self(base)
    }
}

/// What goes wrong.
enum Input {
    /// A request on which nothing may go upstream: method, path below the base, headers, body.
    Ask(&'static str, String, Vec<(&'static str, &'static str)>, Vec<u8>),
    /// The upstream's whole answer to a request: method and path, then status, headers and body.
    Said(&'static str, &'static str, u16, Vec<(&'static str, &'static str)>, String),
    /// The bytes of a request below the base, on a socket.
    Bytes(Box<dyn Packs>),
    /// The bytes that the upstream writes, or that it closes without a word.
    Wire(Option<Vec<u8>>),
    /// The upstream's address, where there is none to talk to.
    Nobody(&'static str),
}

struct Row {
    name: &'static str,
    input: Input,
    upstream: &'static str,
    status: u16,
    scim_type: Option<&'static str>,
    label: &'static str,
    side: &'static str,
    calls: usize,
    /// A header that the answer has.
    header: Option<(&'static str, &'static str)>,
}

/// What came of a row for one client.
struct Got {
    status: u16,
    headers: Vec<(String, String)>,
    body: Json,
    calls: usize,
}

fn row(name: &'static str, input: Input, wanted: (u16, Option<&'static str>, &'static str)) -> Row {
    let (status, scim_type, label) = wanted;
    let (upstream, side, calls) = match input {
        Input::Ask(..) | Input::Bytes(..) => ("scim", "client", 0),
        Input::Said(..) | Input::Wire(..) => ("scim", "upstream", 1),
        Input::Nobody(_) => ("scim", "upstream", 0),
    };
    Row { name, input, upstream, status, scim_type, label, side, calls, header: None }
}

impl Row {
    fn to(self, upstream: &'static str) -> Self {
        Self { upstream, ..self }
    }

    fn by(self, side: &'static str) -> Self {
        Self { side, ..self }
    }

    fn with(self, name: &'static str, value: &'static str) -> Self {
        Self { header: Some((name, value)), ..self }
    }
}

fn ask(method: &'static str, below: impl Into<String>, body: impl Into<Vec<u8>>) -> Input {
    Input::Ask(method, below.into(), vec![("content-type", "application/json")], body.into())
}

fn post(body: impl Into<Vec<u8>>) -> Input {
    ask("POST", "/Users", body)
}

fn patch(op: Json) -> Input {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [op]
    });
    ask("PATCH", "/Users/7", body.to_string())
}

fn said(status: u16, kind: &'static str, body: impl Into<String>) -> Input {
    Input::Said("GET", "/Users/7", status, vec![("content-type", kind)], body.into())
}

const JSON: &str = "application/scim+json";

fn refused_requests() -> Vec<Row> {
    let syntax = (400, Some("invalidSyntax"), "bad_body");
    let value = (400, Some("invalidValue"), "invalid_value");
    let filter = (400, Some("invalidFilter"), "invalid_filter");
    let cursor = (400, Some("invalidCursor"), "bad_cursor");
    let count = (400, Some("invalidCount"), "invalid_value");
    let path = (400, Some("invalidPath"), "invalid_path");
    let mutability = (400, Some("mutability"), "mutability");
    let id = (400, None, "bad_id");
    let twice = format!(r#"{{"userName":"{SECRET}@a.example","userName":"b@a.example"}}"#);
    let many = format!(r#"{{"userName":"a","emails":[{}1]}}"#, "1,".repeat(10_000));
    let by_case = format!(r#"{{"userName":"{SECRET}@a.example","username":"b@a.example"}}"#);
    let deep = format!(r#"{{"userName":{}1{}}}"#, "[".repeat(40), "]".repeat(40));
    let mut utf8 = br#"{"userName":"s3cr3t-zebra"#.to_vec();
    utf8.extend(b"\xff\xfe\"}");
    let bare = |name: &str| {
        format!(
            r#"{{"userName":"{name}","displayName":"A","emails":[{{"value":"{SECRET}@a.example","primary":true}}]}}"#
        )
    };
    let text = |below: &str, kind: (&'static str, &'static str)| {
        Input::Ask("POST", below.to_owned(), vec![kind], bare("a@a.example").into_bytes())
    };
    vec![
        row("malformed JSON", post(format!(r#"{{"userName": {SECRET}}}"#)), syntax),
        row("JSON that ends too soon", post(format!(r#"{{"userName":"{SECRET}"#)), syntax),
        row("text after the JSON", post(r#"{"userName":"a@a.example"} {}"#), syntax),
        row("an empty body", post(""), syntax),
        row("an array", post("[]"), syntax),
        row("a string", post(format!("\"{SECRET}\"")), syntax),
        row("null", post("null"), syntax),
        row("too deep", post(deep), syntax),
        row("a member twice", post(twice), syntax),
        row("a member twice by case", post(by_case), syntax),
        row("invalid UTF-8", post(utf8), syntax),
        row("a number that is none", post(r#"{"userName":01}"#), syntax),
        row("too many values of one attribute", post(many), value),
        row("a wrong type", post(format!(r#"{{"userName":{{"x":"{SECRET}"}}}}"#)), value),
        row("a required attribute is missing", post("{}"), value),
        row("a required attribute is blank", post(r#"{"userName":""}"#), value),
        row("a userName that the upstream refuses", post(bare(SECRET)), value).to("omni"),
        row("PATCH without operations", ask("PATCH", "/Users/7", "{}"), syntax),
        row(
            "an unknown op",
            patch(json!({"op": "merge", "path": "active", "value": true})),
            syntax,
        ),
        row(
            "a broken path",
            patch(json!({"op": "replace", "path": "userName[", "value": SECRET})),
            path,
        ),
        row(
            "a path that is no path",
            patch(json!({"op": "replace", "path": 7, "value": SECRET})),
            path,
        ),
        row(
            "a readOnly attribute",
            patch(json!({"op": "replace", "path": "meta.created", "value": SECRET})),
            mutability,
        ),
        row("the id", patch(json!({"op": "replace", "path": "id", "value": SECRET})), mutability),
        row(
            "a wrong type in PATCH",
            patch(json!({"op": "replace", "path": "userName", "value": [SECRET]})),
            value,
        ),
        row("a filter that ends too soon", ask("GET", "/Users?filter=userName%20eq", ""), filter),
        row(
            "a filter with an unknown operator",
            ask("GET", "/Users?filter=userName%20like%20%22s3cr3t-zebra%22", ""),
            filter,
        ),
        row(
            "a filter that is nested without end",
            ask("GET", format!("/Users?filter={}", "(".repeat(500)), ""),
            filter,
        ),
        row("count is no number", ask("GET", "/Users?count=s3cr3t-zebra", ""), value),
        row("an unknown resource", ask("GET", "/Nonsense", ""), (404, None, "unknown_resource")),
        row("a path too long", ask("GET", "/Users/7/8", ""), (404, None, "unknown_resource")),
        row("bulk", ask("POST", "/Bulk", "{}"), syntax),
        row("me", ask("GET", "/Me", ""), (501, None, "not_implemented")).by("gateway").to("omni"),
        row("POST to me", ask("POST", "/Me", "{}"), (405, None, "method_not_allowed"))
            .with("allow", "GET, PUT, PATCH, DELETE"),
        row("a cursor of nobody's", ask("GET", "/Users?cursor=s3cr3t-zebra", ""), cursor),
        row("no page by cursor", ask("GET", "/Users?cursor&count=0", ""), count),
        row(
            "a page by cursor of letters",
            ask("GET", "/Users?cursor&count=s3cr3t-zebra", ""),
            count,
        ),
        row("a cursor and an index", ask("GET", "/Users?cursor&startIndex=1", ""), value),
        row("PUT of all", ask("PUT", "/Users", "{}"), (405, None, "method_not_allowed"))
            .with("allow", "GET, POST"),
        row("POST to one", ask("POST", "/Users/7", "{}"), (405, None, "method_not_allowed"))
            .with("allow", "GET, PUT, PATCH, DELETE"),
        row("DELETE of a schema", ask("DELETE", "/Schemas", ""), (405, None, "method_not_allowed"))
            .with("allow", "GET"),
        row("an id that climbs by a slash", ask("GET", "/Users/a%2F..%2Fb", ""), id),
        row("an id that climbs, encoded twice", ask("GET", "/Users/a%252F%252E.", ""), id),
        row("an id that climbs by a backslash", ask("GET", "/Users/..%5Cb", ""), id),
        row("..", ask("GET", "/Users/..", ""), id),
        row(".. in another spelling", ask("DELETE", "/Users/%2e%2E", ""), id),
        row("an id with a control character", ask("GET", "/Users/a%0d%0aHost:x", ""), id),
        row("an id with NUL", ask("GET", "/Users/a%00", ""), id),
        row("an id that is not UTF-8", ask("GET", "/Users/%ff", ""), id),
        row("an id without end", ask("GET", format!("/Users/{}", "i".repeat(600)), ""), id),
        row(
            "XML",
            text("/Users", ("content-type", "application/xml")),
            (415, None, "not_acceptable"),
        ),
        row(
            "a packed body",
            text("/Users", ("content-encoding", "gzip")),
            (415, None, "not_acceptable"),
        ),
        row(
            "If-Match to an upstream without versions",
            Input::Ask("DELETE", "/Users/7".into(), vec![("if-match", "W/\"1\"")], Vec::new()),
            (501, None, "not_implemented"),
        )
        .to("omni")
        .by("gateway"),
        row(
            "If-Match that is none",
            Input::Ask("DELETE", "/Users/7".into(), vec![("if-match", "s3cr3t-zebra")], Vec::new()),
            value,
        ),
    ]
}

fn bad_answers() -> Vec<Row> {
    let not_json = (502, None, "upstream_not_json");
    let unexpected = (502, None, "upstream_unexpected");
    let error = |status: u16| {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": status.to_string(),
            "detail": format!("see https://{HOST}/{SECRET} on {HOST} for {SECRET}@corp.example")
        });
        said(status, JSON, body.to_string())
    };
    let html = format!("<html><body>{HOST} {SECRET}</body></html>");
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let again = |status| {
        let headers = vec![("retry-after", "7"), ("content-type", JSON)];
        Input::Said("GET", "/Users/7", status, headers, "{}".into())
    };
    let moved = vec![("location", "https://db7.internal.example/s3cr3t-zebra")];
    let list = |body: Json| {
        Input::Said("GET", "/Users", 200, vec![("content-type", JSON)], body.to_string())
    };
    let create = |status, body: &str| {
        let headers = vec![("content-type", JSON)];
        Input::Said("POST", "/Users", status, headers, body.to_owned())
    };
    vec![
        row("HTML", said(200, "text/html", html.clone()), not_json),
        row("HTML that calls itself JSON", said(200, JSON, html), not_json),
        row("an empty body", said(200, JSON, ""), not_json),
        row("the wrong content type", said(200, "text/plain", SECRET), not_json),
        row("invalid JSON", said(200, JSON, format!(r#"{{"userName":{SECRET}"#)), not_json),
        row("JSON cut off", said(200, JSON, &USER[..60]), not_json),
        row("JSON too deep", said(200, JSON, deep), not_json),
        row("a member twice", said(200, JSON, r#"{"id":"7","ID":"8"}"#), not_json),
        row("an array", said(200, JSON, "[]"), unexpected),
        row("null", said(200, JSON, "null"), unexpected),
        row("an id that is an object", said(200, JSON, r#"{"id":{}}"#), unexpected),
        row("a list without Resources", list(json!({"itemsPerPage": 1})), unexpected),
        row(
            "Resources that are none",
            list(json!({"totalResults": 1, "Resources": "x"})),
            unexpected,
        ),
        row(
            "one resource that is none",
            list(json!({"totalResults": 1, "Resources": [5]})),
            unexpected,
        ),
        row(
            "a redirect",
            Input::Said("GET", "/Users/7", 302, moved, String::new()),
            (502, None, "upstream_redirect"),
        ),
        row("400", error(400), (400, None, "upstream_refused")).by("client"),
        row("401", error(401), (502, None, "upstream_unauthorized")),
        row("403", error(403), (403, None, "upstream_refused")).by("client"),
        row("403 without a word", said(403, JSON, "{}"), (502, None, "upstream_unauthorized")),
        row("404", error(404), (404, None, "upstream_not_found")).by("client"),
        row("405", error(405), (501, None, "not_implemented")).by("gateway"),
        row("501", error(501), (501, None, "not_implemented")).by("gateway"),
        row("202", said(202, JSON, USER), unexpected),
        row("409 on create", create(409, "{}"), (409, Some("uniqueness"), "upstream_conflict"))
            .by("client"),
        row("412", error(412), (412, None, "precondition_failed")).by("client"),
        row("429", again(429), (429, None, "upstream_throttled")).with("retry-after", "7"),
        row("500", error(500), (502, None, "upstream_failed")),
        row("503", again(503), (503, None, "upstream_failed")).with("retry-after", "7"),
        row("600", error(600), (502, None, "upstream_failed")),
        // They are looked up, too.
        Row { calls: 2, ..row("a create whose answer is HTML", create(201, "<html>"), unexpected) },
        Row {
            calls: 2,
            ..row("a create without an id", create(201, r#"{"userName":"x"}"#), unexpected)
        },
    ]
}

fn bad_wires() -> Vec<Row> {
    let text = |text: &str| Input::Wire(Some(text.as_bytes().to_vec()));
    let cut = (502, None, "upstream_cut_off");
    let large = (502, None, "upstream_too_large");
    let out = (502, None, "upstream_unreachable");
    let chunks = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n{}\r\n0\r\n\r\n",
        "x".repeat(0x20000)
    );
    let get = |below: &'static str, token: &'static str| {
        Input::Bytes(Box::new(move |base: &str| {
            format!("GET {base}{below} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n").into_bytes()
        }))
    };
    let body = |head: &'static str, body: String| {
        Input::Bytes(Box::new(move |base: &str| {
            format!("POST {base}/Users HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {TOKEN}\r\n{head}\r\nConnection: close\r\n\r\n{body}").into_bytes()
        }))
    };
    let huge = format!("{{\"userName\":\"{}\"}}", SECRET.repeat(500));
    let chunked = format!("{:x}\r\n{huge}\r\n0\r\n\r\n", huge.len());
    vec![
        row(
            "no token that the route knows",
            get("/Users", "s3cr3t-zebra"),
            (401, None, "unauthenticated"),
        )
        .with("www-authenticate", "Bearer"),
        row(
            "too large, declared",
            body("Content-Length: 6014", huge),
            (413, None, "body_too_large"),
        ),
        row(
            "too large, in chunks",
            body("Transfer-Encoding: chunked", chunked),
            (413, None, "body_too_large"),
        ),
        row(
            "a body that never comes",
            body("Content-Length: 90", String::new()),
            (400, Some("invalidSyntax"), "bad_body"),
        ),
        row("refused", Input::Nobody("http://127.0.0.1:1/"), out),
        row("unreachable", Input::Nobody("http://db7.internal.example.invalid/"), out),
        row("slow", text(""), (504, None, "upstream_timeout")),
        row("closed without a word", Input::Wire(None), cut),
        row(
            "cut off half way",
            text("HTTP/1.1 200 CUT\r\nContent-Length: 50\r\n\r\n{\"id\":"),
            cut,
        ),
        row(
            "cut off in a chunk",
            text("HTTP/1.1 200 CUT\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a"),
            cut,
        ),
        row("no HTTP", text("SSH-2.0-OpenSSH_9.0\r\n\r\n"), cut),
        row("too large", text("HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n"), large),
        row("too large in chunks", text(&chunks), large),
        row(
            "redirecting",
            text(
                "HTTP/1.1 302 Found\r\nLocation: http://db7.internal.example/\r\nContent-Length: 0\r\n\r\n",
            ),
            (502, None, "upstream_redirect"),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_input_and_every_bad_upstream_is_answered_counted_and_logged() {
    let rows: Vec<Row> =
        refused_requests().into_iter().chain(bad_answers()).chain(bad_wires()).collect();
    let mut wrong = Vec::new();
    for row in &rows {
        let all = Watched::new();
        let wire = Wired::new(row, &all).await;
        for client in CLIENTS {
            let watched = if wire.is_some() { all.clone() } else { Watched::new() };
            // That the process takes requests is said once, whenever it is ready.
            let of_exchange = |line: &&str| !line.contains("requests are welcome");
            let before = watched.log().lines().filter(of_exchange).count();
            let got = match &wire {
                Some(wire) => wire.run(row, client).await,
                None => in_process(row, client, &watched).await,
            };
            let log = watched.log();
            let lines: Vec<&str> = log.lines().filter(of_exchange).skip(before).collect();
            let metrics = watched.metrics.text();
            let mistakes = judge(row, client, &got, &lines, &metrics);
            wrong.extend(mistakes.iter().map(|text| format!("{} ({client}): {text}", row.name)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn judge(row: &Row, client: &str, got: &Got, lines: &[&str], metrics: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut hold = |right: bool, text: String| {
        if !right {
            wrong.push(text);
        }
    };
    let Row { label, side, .. } = row;
    hold(got.status == row.status, format!("status {}: {}", got.status, got.body));
    let wanted = told(client, row.status, row.scim_type, &got.body);
    hold(wanted.is_some(), format!("not in the client's shape: {}", got.body));
    let detail = wanted.unwrap_or_default();
    hold(is_advice(&detail), format!("does not say what to do: {detail}"));
    hold(got.calls == row.calls, format!("{} calls", got.calls));
    if let Some((name, value)) = row.header {
        let found = got.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        hold(
            found.is_some_and(|(_, found)| found.starts_with(value)),
            format!("{name}: {found:?}"),
        );
    }
    let counted = format!(
        "scim_gateway_faults_total{{cause=\"{label}\",route=\"/{client}/{}\",side=\"{side}\"}} 1",
        row.upstream
    );
    hold(metrics.contains(&counted), format!("not counted {counted}"));
    let named = format!("side=\"{side}\" cause=\"{label}\"");
    hold(lines.len() == 1 && lines[0].contains(&named), format!("logged {lines:?}"));
    for shown in [&got.body.to_string(), &lines.join("\n"), metrics, &format!("{:?}", got.headers)]
    {
        for hidden in [SECRET, HOST, TOKEN] {
            hold(!shown.contains(hidden), format!("shows {hidden}: {shown}"));
        }
    }
    wrong
}

/// The detail, where the body has the shape of this client's errors and nothing else.
fn told(client: &str, status: u16, scim_type: Option<&str>, body: &Json) -> Option<String> {
    let members = body.as_object()?;
    let names = |wanted: &[&str]| {
        wanted.iter().all(|name| members.contains_key(*name)) && members.len() == wanted.len()
    };
    let text = |name: &str| body.get(name).and_then(Json::as_str).map(str::to_owned);
    match client {
        "omni" => {
            let right = names(&["detail", "status"]) && text("status")? == status.to_string();
            right.then(|| text("detail"))?
        }
        "pingone" => {
            let code = match (status, scim_type) {
                (400, Some("invalidSyntax")) => "INVALID_REQUEST",
                (400, _) => "INVALID_DATA",
                (401 | 403, _) => "ACCESS_FAILED",
                (404, _) => "NOT_FOUND",
                (409, _) => "UNIQUENESS_VIOLATION",
                (429, _) => "REQUEST_LIMITED",
                (500 | 502..=504, _) => "UNEXPECTED_ERROR",
                _ => "INVALID_REQUEST",
            };
            let right = names(&["id", "code", "message"]) && text("code")? == code;
            right.then(|| text("message"))?
        }
        "descope" => {
            let code = match (status, scim_type) {
                (400, Some("invalidValue")) => "E011003",
                (404, _) => "E112102",
                (409, _) => "E062107",
                (429, _) => "E130429",
                _ => "E011001",
            };
            let right = names(&["errorCode", "errorDescription", "errorMessage"])
                && text("errorCode")? == code
                && text("errorMessage") == text("errorDescription");
            right.then(|| text("errorMessage"))?
        }
        _ => {
            let mut all = vec!["schemas", "status", "detail"];
            all.extend(scim_type.map(|_| "scimType"));
            let right = names(&all)
                && body["schemas"] == json!(["urn:ietf:params:scim:api:messages:2.0:Error"])
                && text("status")? == status.to_string()
                && text("scimType").as_deref() == scim_type;
            right.then(|| text("detail"))?
        }
    }
}

/// Whether a sentence tells its reader what to do or what is wanted.
fn is_advice(detail: &str) -> bool {
    let words = [
        "end ", "se ", "eave", "again", "sk ", "ook", "check", "orrect", "must", "need",
        "required", "takes", "neither",
    ];
    detail.len() > 20 && words.iter().any(|word| detail.contains(word))
}

async fn in_process(row: &Row, client: &str, watched: &Watched) -> Got {
    let ask = |method: &'static str, below: &str, headers: Vec<_>, body: Vec<u8>| {
        (method, below.to_owned(), headers, body)
    };
    let (request, said) = match &row.input {
        Input::Ask(method, below, headers, body) => {
            (ask(method, below, headers.clone(), body.clone()), None)
        }
        Input::Said(method, below, status, headers, body) => {
            let sent = if *method == "POST" { USER.as_bytes().to_vec() } else { Vec::new() };
            let said = (*status, headers.clone(), body.clone());
            (ask(method, below, Vec::new(), sent), Some(said))
        }
        _ => panic!("{} needs a socket", row.name),
    };
    let (method, below, headers, body) = request;
    let line = Line::new(client, row.upstream, move |_, _| match &said {
        Some((status, headers, body)) => answer(*status, headers, body),
        None => answer(200, &[], USER),
    });
    let outcome = line.send(method, &below, &headers, &body).await;
    watched.exchange(&line.route, &outcome);
    let headers = outcome.response.headers.iter();
    Got {
        status: outcome.response.status.as_u16(),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        body: serde_json::from_slice(&outcome.response.body).unwrap_or_default(),
        calls: line.calls().len(),
    }
}

/// A row that needs sockets.
struct Wired {
    gateway: std::net::SocketAddr,
    upstream: Option<Scripted>,
}

impl Wired {
    async fn new(row: &Row, watched: &Watched) -> Option<Self> {
        let (url, upstream) = match &row.input {
            Input::Ask(..) | Input::Said(..) => return None,
            Input::Nobody(url) => ((*url).to_owned(), None),
            Input::Bytes(_) | Input::Wire(_) => {
                let bytes = match &row.input {
                    Input::Wire(bytes) => bytes.clone(),
                    _ => None,
                };
                let upstream = Scripted::start(move |_, _| bytes.clone()).await;
                (upstream.url.clone(), Some(upstream))
            }
        };
        Some(Self { gateway: serve(&CLIENTS, &url, watched), upstream })
    }

    async fn run(&self, row: &Row, client: &str) -> Got {
        let count = || self.upstream.as_ref().map_or(0, |upstream| upstream.requests().len());
        let before = count();
        let vendor = match client {
            "omni" => "/api/scim/v2".to_owned(),
            "pingone" => format!("/environments/{}/v2", crate::harness::ENVIRONMENT),
            _ => "/scim/v2".to_owned(),
        };
        let base = format!("/{client}/scim{vendor}");
        let bytes = match &row.input {
            Input::Bytes(bytes) => bytes.pack(&base),
            _ => crate::sockets::request("GET", &format!("{base}/Users/7"), ""),
        };
        let text = send(self.gateway, &bytes).await;
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        Got {
            status: status(&text),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            body: serde_json::from_str(body).unwrap_or_default(),
            calls: count() - before,
        }
    }
}
