//! Callers that sign an assertion for each request (RFC 7523 section 3, as a bearer token of RFC 6750):
//! what is taken, what is not, and that each is taken once.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use scim_gateway::config::{Auth, Config, Limits, Proof, Route, Surroundings};
use scim_gateway::diagnostic::Source;
use scim_gateway::dialect::Dialects;
use scim_gateway::gateway::Gateway;
use scim_gateway::gateway::route::Rights;
use scim_gateway::inbound::{Callers, KeySets};
use scim_gateway::outbound::Authenticated;
use scim_gateway::serve::{Edge, Handler, RouteEntry};
use serde_json::{Value, json};

use crate::harness::{
    Running, Scripted, bearer, care, header, launch_within, limits, ok, plain_route, remote, send,
    status,
};
use crate::signed::{Issuer, now};

/// Where clients reach the route `/a`, which assertions are for.
const HERE: &str = "https://scim.example.com/a";

/// As [`at`] `https://scim.example.com`.
fn routes(keys: &Path, more: &str) -> Vec<Route> {
    at("https://scim.example.com", keys, more)
}

/// Routes `/a` and `/b` whose clients show assertions of `client-7`, with these keys beside.
fn at(public: &str, keys: &Path, more: &str) -> Vec<Route> {
    let route = |prefix: &str| {
        format!(
            "[[route]]\nprefix = \"{prefix}\"\nclient = \"scim\"\nupstream = \"up\"\n\
             auth = [{{ name = \"hr\", client_assertion = {{ client_id = \"client-7\", \
             jwks_file = \"{}\", MORE }} }}]\n",
            keys.display()
        )
    };
    let second = "audience = [\"https://scim.example.com/a\", \"urn:b\"]";
    let text = format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\npublic_url = \"{public}\"\n\
         [upstream.up]\ndialect = \"scim\"\nurl = \"http://127.0.0.1:1\"\n{}{}",
        route("/a").replace(", MORE", more),
        route("/b").replace("MORE", second)
    );
    let around = Surroundings { directory: Path::new(""), env: &|_| None };
    let read = Config::read(&Source::new("config.toml", text), &around);
    read.unwrap_or_else(|found| panic!("{}", found.text(false))).routes
}

struct Bench {
    folder: tempfile::TempDir,
    issuer: Issuer,
    service: Scripted,
    sets: KeySets,
    gateway: Running,
}

impl Bench {
    async fn new(limits: Limits) -> Self {
        let (folder, issuer) = (tempfile::tempdir().unwrap(), Issuer::new());
        let keys = publish(folder.path(), &issuer);
        let service = Scripted::start(|_, _| ok("{}")).await;
        let mut sets = KeySets::default();
        let doors = doors(&routes(&keys, ""), &service, &mut sets);
        let specs = ["/a", "/b"].map(plain_route).into();
        let gateway = launch_within(specs, doors, None, limits);
        Self { folder, issuer, service, sets, gateway }
    }

    /// A good one, but for these claims.
    fn signed(&self, changes: &Value) -> String {
        self.issuer.token("ES256", json!({"kid": "ec"}), &claims(changes))
    }

    async fn show(&self, prefix: &str, token: &str) -> String {
        let text = format!(
            "GET {prefix}/v2/Users HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {token}\r\n\
             Connection: close\r\n\r\n"
        );
        send(self.gateway.address, text.as_bytes()).await
    }

    fn last(&self) -> String {
        self.gateway.log.lines().pop().unwrap()
    }
}

fn publish(folder: &Path, issuer: &Issuer) -> PathBuf {
    let path = folder.join("keys.json");
    std::fs::write(&path, issuer.set().to_string()).unwrap();
    path
}

fn doors(routes: &[Route], service: &Scripted, sets: &mut KeySets) -> HashMap<String, RouteEntry> {
    let shared = Arc::new(remote(&service.url));
    let door = |route: &Route| {
        let callers = Arc::new(Callers::new(route.auth.clone(), sets).unwrap());
        let way = Handler::Stream {
            remote: shared.clone(),
            resilience: care(),
            identity: Some(bearer()),
        };
        (route.label(), RouteEntry::new(callers, way))
    };
    routes.iter().map(door).collect()
}

/// Claims of one more assertion.
fn claims(changes: &Value) -> Value {
    let jti = uuid::Uuid::new_v4().to_string();
    let mut claims = json!({
        "iss": "client-7", "sub": "client-7", "aud": HERE, "jti": jti, "iat": now(), "exp": now() + 60,
    });
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

fn uncounted() -> Limits {
    Limits { attempts: 0, ..limits() }
}

#[test]
fn an_assertion_is_for_the_routes_own_address_unless_that_is_said_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let keys = publish(folder.path(), &Issuer::new());
    let shown = |route: &Route| match &route.auth {
        Auth::Listed(listed) => match &listed[0].proof {
            Proof::Assertion(assertion) => (assertion.jwt.audience.clone(), assertion.lifetime),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let [a, b]: [Route; 2] = routes(&keys, ", lifetime = \"30s\"").try_into().unwrap();
    assert_eq!(shown(&a), (vec![HERE.to_owned()], Duration::from_secs(30)));
    assert_eq!(shown(&b), (vec![HERE.to_owned(), "urn:b".to_owned()], Duration::from_secs(300)));
    // Two tenants of one gateway are not one audience.
    let tenant = |public: &str| {
        let [a, _]: [Route; 2] =
            at(public, &keys, " } } ]\nhost = \"a.example\" #").try_into().unwrap();
        shown(&a).0
    };
    assert_eq!(tenant("https://scim.example.com"), ["https://a.example/a"]);
    assert_eq!(tenant("http://scim.example.com:8080"), ["http://a.example:8080/a"]);
}

// RFC 7523 section 3, RFC 8725 sections 3.1, 3.8 and 3.9.
#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_of_the_client_lets_in_and_nothing_like_it_does() {
    let bench = Bench::new(uncounted()).await;
    let kid = |name: &str| json!({"kid": name});
    for (algorithm, name) in [("RS256", "rsa"), ("PS256", "rsa"), ("ES256", "ec"), ("EdDSA", "ed")]
    {
        let token = bench.issuer.token(algorithm, kid(name), &claims(&json!({})));
        assert_eq!(status(&bench.show("/a", &token).await), 200, "{algorithm}");
        let log = bench.last();
        // Who it was stands in the audit file, as a keyed hash.
        assert!(log.contains("credential: Some(\"hr\")"), "{log}");
        assert!(log.contains("subject: Some(…)") && !log.contains("client-7"), "{log}");
    }
    for (name, changes) in [
        ("its audience in a list", json!({"aud": [HERE]})),
        ("a clock that is 20 s ahead", json!({"iat": now() + 20, "exp": now() + 80})),
        ("the longest life", json!({"exp": now() + 299})),
        ("parts of a second", json!({"exp": now() as f64 + 10.5})),
    ] {
        let answer = bench.show("/a", &bench.signed(&changes)).await;
        assert_eq!(status(&answer), 200, "{name}: {answer}");
    }
    let stranger = Issuer::new();
    let of =
        |algorithm: &str, head: Value| bench.issuer.token(algorithm, head, &claims(&json!({})));
    let signed = |changes: Value| bench.signed(&changes);
    let refused = [
        ("expired", signed(json!({"iat": now() - 200, "exp": now() - 100})), "Unknown"),
        ("another audience", signed(json!({"aud": "https://scim.example.com/b"})), "Unknown"),
        (
            "the gateway and not the route",
            signed(json!({"aud": "https://scim.example.com"})),
            "Unknown",
        ),
        ("another client", signed(json!({"iss": "client-8", "sub": "client-8"})), "Unknown"),
        ("unsigned", of("none", json!({})), "Unknown"),
        ("signed with the public key", of("HS256", kid("rsa")), "Unknown"),
        ("signed with a shared key", of("HS256", kid("shared")), "Unknown"),
        ("a key of another kind", of("ES256", kid("rsa")), "Unknown"),
        ("a stranger's key", stranger.token("ES256", kid("ec"), &claims(&json!({}))), "Unknown"),
        (
            "its own key",
            stranger.token("ES256", json!({"jwk": stranger.set()["keys"][4]}), &claims(&json!({}))),
            "Unknown",
        ),
        ("not yet valid", signed(json!({"nbf": now() + 120})), "Unknown"),
        ("about somebody else", signed(json!({"sub": "client-8"})), "Unfit"),
        ("about nobody", signed(json!({"sub": null})), "Unfit"),
        ("for others too", signed(json!({"aud": [HERE, "https://other.example"]})), "Unfit"),
        ("no jti", signed(json!({"jti": null})), "Unfit"),
        ("an empty jti", signed(json!({"jti": ""})), "Unfit"),
        ("a jti that is no text", signed(json!({"jti": 7})), "Unfit"),
        ("no iat", signed(json!({"iat": null})), "Unfit"),
        ("a life that is too long", signed(json!({"exp": now() + 600})), "Unfit"),
        ("a life without end", signed(json!({"exp": u64::MAX})), "Unfit"),
        ("made in the future", signed(json!({"iat": now() + 60, "exp": now() + 90})), "Unfit"),
    ];
    let before = bench.service.requests().len();
    for (name, token, reason) in refused {
        let answer = bench.show("/a", &token).await;
        assert_eq!(status(&answer), 401, "{name}: {answer}");
        // In the client's words (RFC 7644 section 3.12, RFC 6750 section 3).
        assert!(answer.contains("urn:ietf:params:scim:api:messages:2.0:Error"), "{name}: {answer}");
        let challenge = header(&answer, "www-authenticate").unwrap();
        assert!(challenge.contains("error=\"invalid_token\""), "{name}: {challenge}");
        assert!(
            bench.last().contains(&format!("refused: Some({reason})")),
            "{name}: {}",
            bench.last()
        );
        let whole = format!("{answer}{}", bench.last());
        for part in token.split('.').filter(|part| !part.is_empty()) {
            assert!(!whole.contains(part), "{name}: {whole}");
        }
    }
    assert_eq!(bench.service.requests().len(), before);
    let answer = send(
        bench.gateway.address,
        b"GET /a/v2/Users HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.contains("Bearer <assertion>"), "{answer}");
}

// RFC 7523 section 3, item 7: by its jti, whatever else is other.
#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_is_taken_once_wherever_it_is_shown() {
    let mut bench = Bench::new(uncounted()).await;
    let token = bench.signed(&json!({}));
    assert_eq!(status(&bench.show("/a", &token).await), 200);
    for prefix in ["/a", "/b", "/a"] {
        let answer = bench.show(prefix, &token).await;
        assert_eq!(status(&answer), 401, "{prefix}: {answer}");
        assert!(answer.contains("used before"), "{answer}");
        assert!(bench.last().contains("refused: Some(Replayed)"), "{}", bench.last());
    }
    // Signed once more with another signature and another end, and the same jti.
    let jti = |jti: &str, more: u64| bench.signed(&json!({"jti": jti, "exp": now() + more}));
    assert_eq!(status(&bench.show("/b", &jti("j-1", 50)).await), 200);
    assert_eq!(status(&bench.show("/a", &jti("j-1", 55)).await), 401);
    // One that is not let in spends nothing.
    let wrong = bench.signed(&json!({"jti": "j-2", "sub": "client-8"}));
    assert_eq!(status(&bench.show("/a", &wrong).await), 401);
    assert_eq!(status(&bench.show("/a", &jti("j-2", 50)).await), 200);
    // Of a hundred at once, one.
    let raced = bench.signed(&json!({}));
    let all = futures_of(&bench, &raced, 100).await;
    assert_eq!(all.iter().filter(|status| **status == 200).count(), 1, "{all:?}");
    assert!(all.iter().all(|status| [200, 401].contains(status)), "{all:?}");

    // What another configuration brings forgets nothing.
    let keys = bench.folder.path().join("keys.json");
    let mut sets = bench.sets.successor();
    let doors = doors(&routes(&keys, ", lifetime = \"2m\""), &bench.service, &mut sets);
    let specs = ["/a", "/b"].map(plain_route).into();
    let gateway = Gateway::new(specs, &Dialects::embedded().unwrap());
    bench.gateway.live.replace(Edge::new(gateway, doors, uncounted(), Arc::default()));
    bench.sets = sets;
    let long = bench.signed(&json!({"exp": now() + 200}));
    assert_eq!(status(&bench.show("/a", &long).await), 401, "the new terms");
    assert_eq!(status(&bench.show("/a", &token).await), 401);
    assert!(bench.last().contains("refused: Some(Replayed)"), "{}", bench.last());
    assert_eq!(status(&bench.show("/a", &bench.signed(&json!({}))).await), 200);
}

/// What becomes of one token that so many show at once.
async fn futures_of(bench: &Bench, token: &str, many: usize) -> Vec<u16> {
    let text = format!(
        "GET /a/v2/Users HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..many {
        let (address, text) = (bench.gateway.address, text.clone());
        all.spawn(async move { status(&send(address, text.as_bytes()).await) });
    }
    all.join_all().await
}

/// Whether one was shown to the process before this one, nobody knows here.
#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_from_before_the_process_is_asked_for_anew() {
    let bench = Bench::new(limits()).await;
    let old = bench.signed(&json!({"iat": now() - 120, "exp": now() + 60}));
    for _ in 0..3 {
        let answer = bench.show("/a", &old).await;
        assert_eq!(status(&answer), 503, "{answer}");
        assert!(header(&answer, "retry-after").is_some(), "{answer}");
        assert!(bench.last().contains("refused: Some(Early)"), "{}", bench.last());
    }
    assert_eq!(status(&bench.show("/a", &bench.signed(&json!({}))).await), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_assertions_count_as_other_wrong_credentials_and_a_right_one_is_let_in() {
    let bench = Bench::new(Limits { attempts: 3, ..limits() }).await;
    let token = bench.signed(&json!({}));
    assert_eq!(status(&bench.show("/a", &token).await), 200);
    let wrong = bench.signed(&json!({"sub": "client-8"}));
    let stranger = Issuer::new().token("ES256", json!({"kid": "ec"}), &claims(&json!({})));
    for shown in [&token, &wrong, &stranger] {
        assert_eq!(status(&bench.show("/a", shown).await), 401);
    }
    for shown in [&token, &wrong, &stranger] {
        assert_eq!(status(&bench.show("/a", shown).await), 429);
    }
    // What is the gateway's own doubt is told as that.
    let old = bench.signed(&json!({"iat": now() - 120, "exp": now() + 60}));
    assert_eq!(status(&bench.show("/a", &old).await), 503);
    assert_eq!(status(&bench.show("/a", &bench.signed(&json!({}))).await), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_publishes_another_key_is_known_by_that_one() {
    let mut bench = Bench::new(uncounted()).await;
    assert_eq!(status(&bench.show("/a", &bench.signed(&json!({}))).await), 200);
    let old = std::mem::replace(&mut bench.issuer, Issuer::new());
    publish(bench.folder.path(), &bench.issuer);
    let turn = async {
        while status(&bench.show("/a", &bench.signed(&json!({}))).await) != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    // Followed as a gateway that runs does.
    let observer: Arc<dyn scim_gateway::observe::Observer> = bench.gateway.log.clone();
    bench.sets.clone().tend(&observer);
    tokio::time::timeout(Duration::from_secs(20), turn).await.unwrap();
    let stale = old.token("ES256", json!({"kid": "ec"}), &claims(&json!({})));
    assert_eq!(status(&bench.show("/a", &stale).await), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_may_do_what_its_entry_allows() {
    let (folder, issuer) = (tempfile::tempdir().unwrap(), Issuer::new());
    let keys = publish(folder.path(), &issuer);
    let text = format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\npublic_url = \"https://scim.example.com\"\n\
         [upstream.up]\ndialect = \"scim\"\nurl = \"http://127.0.0.1:1\"\n\
         [[route]]\nprefix = \"/a\"\nclient = \"scim\"\nupstream = \"up\"\n\
         auth = [{{ name = \"hr\", allow = [\"read\"], client_assertion = {{ client_id = \"client-7\", \
         jwks_file = \"{}\" }} }}]\n",
        keys.display()
    );
    let around = Surroundings { directory: Path::new(""), env: &|_| None };
    let config = Config::read(&Source::new("config.toml", text), &around).unwrap();
    let route = config.routes.first().unwrap();
    let rights: &BTreeMap<String, Rights> = &route.rights;
    assert!(rights.contains_key("hr"));
    let page = "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:ListResponse\"],\"totalResults\":0,\
                \"startIndex\":1,\"itemsPerPage\":0,\"Resources\":[]}";
    let service = Scripted::start(move |_, _| ok(page)).await;
    let signed = Arc::new(Authenticated::new(Arc::new(remote(&service.url)), bearer()));
    let callers = Callers::new(route.auth.clone(), &mut KeySets::default()).unwrap();
    let door =
        RouteEntry::new(Arc::new(callers), Handler::Translate(signed)).granting(rights.clone());
    let doors = HashMap::from([("/a".to_owned(), door)]);
    let gateway = launch_within(vec![plain_route("/a")], doors, None, uncounted());
    let ask = async |method: &str, body: &str| {
        let token = issuer.token("EdDSA", json!({"kid": "ed"}), &claims(&json!({})));
        let text = format!(
            "{method} /a/scim/v2/Users HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/scim+json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        send(gateway.address, text.as_bytes()).await
    };
    let answer = ask("GET", "").await;
    assert_eq!(status(&answer), 200, "{answer}");
    let sent = service.requests().len();
    let user = "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"a\"}";
    let answer = ask("POST", user).await;
    assert_eq!(status(&answer), 403, "{answer}");
    assert!(answer.contains("api:messages:2.0:Error"), "{answer}");
    assert_eq!(service.requests().len(), sent);
}
