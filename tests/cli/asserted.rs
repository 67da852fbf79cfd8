//! Clients that sign an assertion for each request, before the real program: its audit file, its reload
//! and its next process.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use crate::running::{Answer, Place, call_with, wait};

const USERS: &str = "/h/scim/v2/Users";

/// A client with a key.
struct Client(Ed25519KeyPair);

impl Client {
    fn new() -> Self {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self(Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap())
    }

    fn set(&self) -> String {
        let x = BASE64_URL_SAFE_NO_PAD.encode(self.0.public_key());
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x}]}).to_string()
    }

    fn sign(&self, audience: &str, jti: &str) -> String {
        let claims = json!({
            "iss": "hr-7", "sub": "hr-7", "aud": audience, "jti": jti, "iat": now(), "exp": now() + 120,
        });
        let parts = [json!({"alg": "EdDSA"}), claims];
        let parts = parts.map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
        let message = parts.join(".");
        let signature = self.0.sign(message.as_bytes());
        format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn create(place: &Place, assertion: &str, name: &str) -> Answer {
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name,
    });
    let headers = format!("Authorization: Bearer {assertion}\r\n");
    call_with(place.client, "POST", USERS, &headers, &user.to_string()).unwrap()
}

fn config(lifetime: &str) -> String {
    format!(
        "[[route]]\nprefix = \"/h\"\nclient = \"scim\"\nupstream = \"a\"\n\
         auth = [{{ name = \"hr\", client_assertion = {{ client_id = \"hr-7\", \
         jwks_file = \"hr.json\", lifetime = \"{lifetime}\" }} }}]\n\
         [audit]\nfile = \"audit.jsonl\"\n"
    )
}

#[test]
fn each_assertion_is_taken_once_over_reloads_and_restarts_and_its_client_is_in_the_audit_file() {
    let (place, client) = (Place::new(), Client::new());
    place.write("hr.json", &client.set());
    place.write("config.toml", &place.text("linger = \"1ms\"", &config("3m")));
    // What a client is told of itself: the route's address by the configuration.
    let here = format!("http://{}/h", place.client);
    let gateway = place.start(&[]);
    let first = client.sign(&here, "1");
    assert_eq!(create(&place, &first, "one").status, 201);
    let replayed = || {
        let answer = create(&place, &first, "two");
        assert_eq!(answer.status, 401, "{answer:?}");
        assert!(answer.body.contains("used before"), "{answer:?}");
    };
    replayed();
    place.write("config.toml", &place.text("linger = \"1ms\"", &config("2m")));
    assert_eq!(place.reload().status, 200);
    replayed();
    let series = "scim_gateway_auth_failures_total{reason=\"replayed\",route=\"/h\"}";
    wait("both to be counted", || place.metric(series) == 2.0);
    // Another key under the same roof.
    let client = Client::new();
    place.write("hr.json", &client.set());
    let mut number = 1;
    wait("the new key", || {
        number += 1;
        create(&place, &client.sign(&here, &number.to_string()), "three").status == 201
    });
    let last = client.sign(&here, "last");
    assert_eq!(create(&place, &last, "four").status, 201);

    // So that it was issued before the next process, by a clock of whole seconds.
    let issued = now();
    wait("the next second", || now() > issued);
    gateway.signal("TERM");
    assert_eq!(gateway.end(), Some(0));

    let text = std::fs::read_to_string(place.path("audit.jsonl")).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let done: Vec<_> = lines.iter().filter(|line| line["outcome"] == "done").collect();
    assert!(done.iter().any(|line| line["operation"] == "create"), "{text}");
    for line in done.iter().filter(|line| line["operation"] == "create") {
        assert_eq!(line["who"], "hr", "{line}");
        assert_eq!(line["subject"].as_str().map(str::len), Some(16), "{line}");
    }
    assert!(lines.iter().any(|line| line["outcome"] == "refused"), "{text}");
    let told = format!("{text}{}", place.log());
    assert!(!told.contains("hr-7") && !told.contains(&last), "{told}");

    let _gateway = place.start(&[]);
    let answer = create(&place, &last, "five");
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.head.to_ascii_lowercase().contains("retry-after: "), "{answer:?}");
    assert_eq!(create(&place, &client.sign(&here, "next"), "five").status, 201);
}
