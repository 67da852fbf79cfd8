//! What `check`, `losses` and `/Schemas` say of a route, held against what its exchanges then do,
//! over rule sets of every kind.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use scim_gateway::gateway::RouteSpec;
use scim_gateway::gateway::pair::{Fate, PairTable, Row};
use scim_gateway::gateway::report::{Says, operations};
use scim_gateway::gateway::route::Policies;
use scim_gateway::scim::filter::Literal;
use scim_gateway::scim::http::{Request, Response};
use scim_gateway::scim::schema::{Attribute, Kind, Mutability, Operation};
use serde_json::{Map, Value as Json, json};

use crate::harness::{body, dialect, spec};
use crate::scripted::{Line, answer};

const DIALECT: &str = r#"
version = 1
title = "Made"
base = "/api"
media_type = "application/json"
authorization = "Bearer {token}"
[errors]
answer = { message = "{detail}" }
[user]
path = "people"
operations = OPERATIONS
put = "replace"
clear = "omit"
schemas_in_request = "none"
schemas_in_answer = "none"
[user.list]
paging = "index"
default_count = 50
max_count = 50
"#;

const HEAD: &str = r#"
version = 1
[user]
urn = "urn:ietf:params:scim:schemas:core:2.0:User"
resource = "User"
unknown = "ignore"
[[user.attribute]]
name = "login"
required = ["create", "replace"]
"#;

const LOGIN: &str = "version = 1\n[[map]]\ncanonical = \"$.userName\"\nvendor = \"$.login\"\n";

/// (name, attributes beside `login`, rules beside its own).
const SETS: &[(&str, &str, &str)] = &[
    (
        "tiny",
        r#"
        [[user.attribute]]
        name = "displayName"
        [[user.attribute]]
        name = "enabled"
        canonicalValues = ["Y", "N"]
        [[user.attribute]]
        name = "mobile"
        "#,
        r#"
        [[map]]
        canonical = "$.active"
        vendor = "$.enabled"
        values = [[true, "Y"], [false, "N"]]
        [[map]]
        canonical = "$.phoneNumbers[?@.type=='mobile'].value"
        vendor = "$.mobile"
        "#,
    ),
    (
        "two-phones",
        r#"
        [[user.attribute]]
        name = "last"
        required = ["create", "replace"]
        [[user.attribute]]
        name = "tel_work"
        [[user.attribute]]
        name = "tel_mobile"
        required = ["create"]
        [[user.attribute]]
        name = "secret"
        "#,
        r#"
        [[map]]
        canonical = "$.name.familyName"
        vendor = "$.last"
        [[map]]
        canonical = "$.phoneNumbers[?@.type=='work'].value"
        vendor = "$.tel_work"
        [[map]]
        canonical = "$.phoneNumbers[?@.type=='mobile'].value"
        vendor = "$.tel_mobile"
        "#,
    ),
    (
        "nested",
        r#"
        [[user.attribute]]
        name = "name"
        type = "complex"
        sub = [{ name = "givenName" }, { name = "familyName", required = ["create", "replace"] }]
        [[user.attribute]]
        name = "emails"
        type = "complex"
        multiValued = true
        max = 1
        required = ["create", "replace"]
        sub = [{ name = "value", required = ["create", "replace"] }, { name = "type" }, { name = "note" }]
        "#,
        r#"
        [[map]]
        canonical = "$.emails"
        vendor = "$.emails"
        pick = ["primary", "first"]
        loss = "one address"
        "#,
    ),
    (
        "supplied",
        r#"
        [[user.attribute]]
        name = "shown"
        required = ["create", "replace"]
        [[user.attribute]]
        name = "region"
        required = ["create", "replace"]
        [[user.attribute]]
        name = "kind"
        "#,
        r#"
        [[map]]
        canonical = "$.displayName"
        vendor = "$.shown"
        [[map]]
        canonical = "$.userType"
        vendor = "$.kind"
        values = [["Employee", "FTE"], ["Contractor", "CTR"], ["Contractor", "TMP"]]
        loss = "two are one"
        [[fill]]
        vendor = "$.shown"
        from = ["$.userName"]
        loss = "made up"
        [[set]]
        vendor = "$.region"
        value = "emea"
        [[set]]
        canonical = "$.locale"
        value = "de-DE"
        "#,
    ),
];

const ALL: &str = r#"["create", "get", "replace", "delete", "list"]"#;

/// An upstream that keeps what it is sent, and answers writes with a body or without.
struct Kept {
    users: Mutex<BTreeMap<String, Json>>,
    silent: bool,
}

impl Kept {
    fn call(&self, request: &Request) -> Response {
        let mut users = self.users.lock().unwrap();
        let id = request.path.rsplit('/').next().unwrap_or_default().to_owned();
        let told = |status: u16, user: &Json| {
            let silent = self.silent && request.method != "GET" && request.method != "POST";
            let (status, text) =
                if silent { (204, String::new()) } else { (status, user.to_string()) };
            answer(status, &[("content-type", "application/json")], &text).unwrap()
        };
        match request.method.as_str() {
            "POST" => {
                let id = format!("u{:04}", users.len());
                let mut user: Json = serde_json::from_slice(&request.body).unwrap();
                user["id"] = json!(id);
                users.insert(id, user.clone());
                told(201, &user)
            }
            "PUT" => {
                let mut user: Json = serde_json::from_slice(&request.body).unwrap();
                user["id"] = json!(id);
                users.insert(id, user.clone());
                told(200, &user)
            }
            "GET" => users.get(&id).map_or_else(
                || answer(404, &[("content-type", "application/json")], "{}").unwrap(),
                |user| told(200, user),
            ),
            _ => answer(204, &[], "").unwrap(),
        }
    }
}

struct Made {
    line: Line,
    kept: Arc<Kept>,
}

impl Made {
    fn new((name, schema, rules): (&str, &str, &str), offered: &str, silent: bool) -> Self {
        let upstream = dialect(
            name,
            &[
                ("dialect", DIALECT.replace("OPERATIONS", offered)),
                ("schema", format!("{HEAD}{schema}")),
                ("user", format!("{LOGIN}{rules}")),
            ],
        );
        let spec = RouteSpec { upstream, upstream_name: name.to_owned(), ..spec("scim", "scim") };
        let kept = Arc::new(Kept { users: Mutex::default(), silent });
        let behind = Arc::clone(&kept);
        Self { line: Line::with(spec, move |_, request| Ok(behind.call(request))), kept }
    }

    fn table(&self) -> &PairTable {
        &self.line.route.users.as_ref().unwrap().table
    }

    async fn send(&self, method: &str, below: &str, user: &Json) -> (u16, Json, Vec<String>) {
        let json = [("content-type", "application/scim+json")];
        let text = if user.is_null() { String::new() } else { user.to_string() };
        let outcome = self.line.send(method, below, &json, text.as_bytes()).await;
        let lost = outcome.record.losses.iter().filter(|loss| loss.direction == "request");
        let lost = lost.map(|loss| loss.place.clone()).collect();
        (outcome.response.status.as_u16(), body(&outcome), lost)
    }

    async fn document(&self, path: &str) -> Json {
        self.send("GET", path, &Json::Null).await.1
    }

    /// The core schema's attributes as `/Schemas` lists them.
    async fn listed(&self) -> Vec<Json> {
        let all = self.document("/Schemas").await;
        let core =
            all["Resources"].as_array().unwrap().iter().find(|schema| schema["name"] == "User");
        core.unwrap()["attributes"].as_array().unwrap().clone()
    }

    fn stored(&self) -> Json {
        self.kept.users.lock().unwrap().values().next_back().cloned().unwrap_or_default()
    }
}

/// A value that the leaf takes.
fn value(attribute: Option<&Json>, row: &Row) -> Json {
    let name = row.names.last().unwrap();
    if let Some((_, Literal::String(text))) = row.known.iter().find(|(known, _)| known == name) {
        return json!(text);
    }
    match attribute.and_then(|a| a["type"].as_str()) {
        Some("boolean") => json!(true),
        _ if row.names == ["userType"] => json!("Contractor"),
        _ if name == "userName" => json!("ann@corp.example"),
        _ => json!("some@text.example"),
    }
}

/// Lays the row's leaf into a user, in an element with what the row knows of it.
fn lay(user: &mut Json, schema: &[Attribute], row: &Row, what: Json) {
    let (first, rest) = row.names.split_first().unwrap();
    let many = schema.iter().find(|a| a.name == *first).is_some_and(|a| a.multi_valued);
    let mut at = &mut user[first];
    if many && !rest.is_empty() {
        let mut element = Map::new();
        for (name, literal) in &row.known {
            if let Literal::String(text) = literal {
                element.insert(name.clone(), json!(text));
            }
        }
        element.entry("value").or_insert(json!("some@text.example"));
        *at = json!([element]);
        at = &mut at[0];
    }
    for name in rest {
        at = &mut at[name];
    }
    *at = what;
}

fn at<'j>(user: &'j Json, path: &[String]) -> Vec<&'j Json> {
    let mut found = vec![user];
    for name in path {
        found = found
            .into_iter()
            .flat_map(|at| at.as_array().map_or_else(|| vec![at], |all| all.iter().collect()))
            .filter_map(|at| at.get(name))
            .collect();
    }
    found
}

fn listed<'j>(attributes: &'j [Json], names: &[String]) -> Option<&'j Json> {
    let (first, rest) = names.split_first()?;
    let found = attributes.iter().find(|a| a["name"] == **first)?;
    if rest.is_empty() { Some(found) } else { listed(found["subAttributes"].as_array()?, rest) }
}

/// A user with all that `/Schemas` calls required, but for one.
fn required(attributes: &[Json], without: &str) -> Json {
    let mut user = Map::new();
    for attribute in attributes.iter().filter(|a| a["required"] == true && a["name"] != *without) {
        let name = attribute["name"].as_str().unwrap();
        let mut one = match attribute["subAttributes"].as_array() {
            None if attribute["type"] == "boolean" => json!(true),
            None => json!("ann@corp.example"),
            Some(subs) => required(subs, ""),
        };
        if let (Some(subs), true) =
            (attribute["subAttributes"].as_array(), attribute["multiValued"] == true)
        {
            one["value"] = json!("some@text.example");
            // Where a sub-attribute chooses the place, what is demanded says which in its description.
            let kind = subs.iter().find(|sub| sub["name"] == "type");
            if let Some(values) = kind.and_then(|kind| kind["canonicalValues"].as_array()) {
                let told = attribute["description"].as_str().unwrap();
                one["type"] = values
                    .iter()
                    .find(|v| told.contains(v.as_str().unwrap()))
                    .cloned()
                    .unwrap_or_default();
            }
            one = json!([one]);
        }
        user.insert(name.to_owned(), one);
    }
    Json::Object(user)
}

// Each row of `losses`, and `/Schemas` beside it.
#[tokio::test]
async fn every_row_of_losses_is_what_a_create_does() {
    for set in SETS {
        let made = Made::new(*set, ALL, false);
        let attributes = made.listed().await;
        let schema = &made.line.route.users.as_ref().unwrap().client.vendor.attributes;
        for row in &made.table().rows {
            if row.names.iter().any(|name| name == "*" || name.starts_with("urn:"))
                || row.mutability == Mutability::ReadOnly
                || row.names[0] == "x509Certificates"
            {
                continue;
            }
            let case = format!("{}: {row:?}", set.0);
            let shown = listed(&attributes, &row.names);
            let works = !matches!(row.fate, Fate::Lost(_));
            if works {
                assert!(shown.is_some(), "{case}");
            } else if made.table().works(&row.names).is_none() {
                assert_eq!(shown, None, "{case}");
            }
            let mut user = required(&attributes, &row.names[0]);
            let of = schema.iter().find(|a| a.name == row.names[0]).unwrap();
            let leaf = row.names.iter().skip(1).fold(of, |at, name| at.attribute(name).unwrap());
            let what = match leaf.kind {
                Kind::Boolean => json!(true),
                _ => value(shown, row),
            };
            let what = if leaf.multi_valued { json!([what]) } else { what };
            lay(&mut user, schema, row, what.clone());
            if user[&row.names[0]].is_object() || user[&row.names[0]].is_array() {
                let subs = listed(&attributes, &row.names[..1])
                    .and_then(|a| a["subAttributes"].as_array());
                let nested = subs.map(|subs| required(subs, "")).unwrap_or_default();
                let top = &mut user[&row.names[0]];
                let nested = if top.is_array() { json!([nested]) } else { nested };
                merge(top, &nested);
                merge(top, &required(&attributes, "")[&row.names[0]]);
            }
            let (status, answer, lost) = made.send("POST", "/Users", &user).await;
            if status == 400 && !works {
                continue;
            }
            assert_eq!(status, 201, "{case} {user} {answer}");
            let named = row.names.join(".");
            let told = lost.contains(&named);
            let far = at(&made.stored(), &row.far).into_iter().cloned().collect::<Vec<_>>();
            match &row.fate {
                Fate::Carried { read_only: false, .. } => {
                    assert!(!told, "{case} {lost:?}");
                    assert_eq!(far.len(), 1, "{case} {}", made.stored());
                    assert!(!at(&answer, &row.names).is_empty(), "{case} {answer}");
                }
                Fate::Implied => assert!(!told, "{case} {lost:?}"),
                Fate::Lost(_) => assert!(told, "{case} {lost:?}"),
                Fate::Carried { .. } | Fate::Constant => {}
            }
        }
    }
}

/// Lays what is not there yet into an object, or into the first element if that is the one.
fn merge(into: &mut Json, more: &Json) {
    let (into, more) = match (into, more) {
        (Json::Array(into), Json::Array(more)) => {
            let kind = |one: &[Json]| one[0].get("type").cloned().unwrap_or_default();
            if !kind(more).is_null() && kind(into) != kind(more) {
                into.push(more[0].clone());
                return;
            }
            (&mut into[0], &more[0])
        }
        (into, more) => (into, more),
    };
    for (name, value) in more.as_object().into_iter().flatten() {
        if into.get(name).is_none() {
            into[name] = value.clone();
        }
    }
}

// `/Schemas` calls required what a client has to send, and nothing else.
#[tokio::test]
async fn what_schemas_calls_required_is_what_a_create_needs() {
    for (name, wanted) in [
        ("tiny", vec!["userName"]),
        ("two-phones", vec!["name", "phoneNumbers", "userName"]),
        ("nested", vec!["emails", "userName"]),
        ("supplied", vec!["userName"]),
    ] {
        let set = SETS.iter().find(|set| set.0 == name).unwrap();
        let made = Made::new(*set, ALL, false);
        let attributes = made.listed().await;
        let all = attributes.iter().filter(|a| a["required"] == true);
        let mut names: Vec<&str> = all.map(|a| a["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, wanted, "{name}");
        let user = required(&attributes, "");
        let (status, answer, _) = made.send("POST", "/Users", &user).await;
        assert_eq!(status, 201, "{name} {user} {answer}");
        for without in names {
            let user = required(&attributes, without);
            let (status, answer, _) = made.send("POST", "/Users", &user).await;
            assert_eq!(status, 400, "{name} without {without}: {user} {answer}");
        }
    }
}

// What is required below the top, and how many the upstream holds.
#[tokio::test]
async fn schemas_show_what_is_required_below_the_top_and_how_many_are_held() {
    let of = |name: &str| Made::new(*SETS.iter().find(|set| set.0 == name).unwrap(), ALL, false);
    let path = |path: &str| path.split('.').map(str::to_owned).collect::<Vec<_>>();
    let nested = of("nested").listed().await;
    let is = |attributes: &[Json], name: &str| {
        listed(attributes, &path(name)).unwrap()["required"] == true
    };
    assert!(
        !is(&nested, "name") && is(&nested, "name.familyName") && !is(&nested, "name.givenName")
    );
    assert!(is(&nested, "emails.value") && !is(&nested, "emails.type"));
    let told = |attributes: &[Json], name: &str| {
        listed(attributes, &path(name)).unwrap()["description"].as_str().unwrap().to_owned()
    };
    assert!(told(&nested, "emails").contains("At most 1 value"), "{}", told(&nested, "emails"));
    let phones = of("two-phones").listed().await;
    assert!(is(&phones, "name.familyName"));
    assert!(
        told(&phones, "phoneNumbers").contains("At most 2 values"),
        "{}",
        told(&phones, "phoneNumbers")
    );
    let kinds = &listed(&phones, &path("phoneNumbers.type")).unwrap()["canonicalValues"];
    assert_eq!(*kinds, json!(["mobile", "work"]));
    assert_eq!(listed(&phones, &path("phoneNumbers.display")), None);
}

// What is called hidden survives a PUT that shows nothing of it, and nothing else does.
#[tokio::test]
async fn what_is_hidden_survives_a_put_and_nothing_else() {
    for (name, hidden, seen) in [
        ("tiny", vec![], json!({"login": "ann", "displayName": "Ann", "mobile": "+1"})),
        (
            "two-phones",
            vec!["secret"],
            json!({"login": "ann", "last": "Lee", "tel_work": "+1", "tel_mobile": "+2", "secret": "s"}),
        ),
        (
            "supplied",
            vec!["region"],
            json!({"login": "ann", "shown": "Ann", "region": "apac", "kind": "TMP"}),
        ),
    ] {
        let set = SETS.iter().find(|set| set.0 == name).unwrap();
        let made = Made::new(*set, ALL, false);
        let reported: Vec<&String> = made.table().hidden.iter().collect();
        assert_eq!(reported, hidden.iter().collect::<Vec<_>>(), "{name}");
        made.kept.users.lock().unwrap().insert("u9".to_owned(), seen.clone());
        let user = required(&made.listed().await, "");
        let (status, answer, _) = made.send("PUT", "/Users/u9", &user).await;
        assert_eq!(status, 200, "{name} {answer}");
        let after = made.kept.users.lock().unwrap()["u9"].clone();
        for (key, before) in seen.as_object().unwrap() {
            let kept = after.get(key) == Some(before);
            let said = ["login", "last", "tel_mobile", "shown"].contains(&key.as_str());
            assert!(said || kept == hidden.contains(&key.as_str()), "{name} {key} {after}");
        }
    }
}

// The calls that `check` tells, also where the upstream answers a write without a body.
#[tokio::test]
async fn check_tells_how_many_calls_an_operation_makes() {
    for silent in [false, true] {
        for set in SETS {
            let made = Made::new(*set, ALL, silent);
            let pair = made.line.route.users.clone().unwrap();
            let told = operations(&pair, &Policies::default());
            let user = required(&made.listed().await, "");
            let mut changed = user.clone();
            changed["userName"] = json!("bo@corp.example");
            let patch = json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations": [{"op": "replace", "path": "userName", "value": "cy@corp.example"}],
            });
            for (name, method, path, body) in [
                ("create", "POST", "/Users", &user),
                ("get", "GET", "/Users/u0000", &Json::Null),
                ("replace", "PUT", "/Users/u0000", &changed),
                ("patch", "PATCH", "/Users/u0000", &patch),
                ("delete", "DELETE", "/Users/u0000", &Json::Null),
            ] {
                let before = made.line.calls().len();
                let (status, answer, _) = made.send(method, path, body).await;
                assert!(status < 300, "{} {name} {status} {answer}", set.0);
                let calls = made.line.calls().len() - before;
                let line = told.iter().find(|line| line.name == name).unwrap();
                let (least, most) = line.calls;
                assert!(
                    (least..=most).contains(&calls),
                    "{} {name}: {calls} calls, {line:?}",
                    set.0
                );
            }
        }
    }
}

// What `check` calls refused is refused, with no call.
#[tokio::test]
async fn what_check_calls_refused_makes_no_call() {
    for gone in ["create", "get", "replace", "delete", "list"] {
        let offered = ALL.replace(&format!("\"{gone}\""), "\"search\"");
        let made = Made::new(SETS[0], &offered, false);
        made.kept
            .users
            .lock()
            .unwrap()
            .insert("u9".to_owned(), json!({"id": "u9", "login": "ann"}));
        let pair = made.line.route.users.clone().unwrap();
        let told = operations(&pair, &Policies::default());
        let line = told.iter().find(|line| line.name == gone).unwrap();
        assert_eq!((line.says, line.calls), (Says::Refused, (0, 0)), "{gone}");
        let (method, path, body) = match gone {
            "create" => ("POST", "/Users", json!({"userName": "bo"})),
            "get" => ("GET", "/Users/u9", Json::Null),
            "replace" => ("PUT", "/Users/u9", json!({"userName": "bo"})),
            "delete" => ("DELETE", "/Users/u9", Json::Null),
            _ => ("GET", "/Users", Json::Null),
        };
        let (status, answer, _) = made.send(method, path, &body).await;
        assert_eq!(status, 501, "{gone} {answer}");
        assert_eq!(made.line.calls().len(), 0, "{gone}");
        let create = Operation::Create;
        assert_eq!(pair.upstream_resource.operations.has(create), gone != "create");
    }
}
