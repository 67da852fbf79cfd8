//! The sandboxes against `tests/seeds.md`: what the page says that an upstream receives
//! is what the vendor documents, and an identity's answer is the vendor's own.

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method};
use scim_gateway::sandbox::{Sandbox, Vendor};
use scim_gateway::scim::http::Request;
use serde_json::{Value, json};

use super::oracle::pairs;
use super::page::{exchanges, options};

/// A sandbox as the page describes it.
fn sandbox(dialect: &str) -> Sandbox {
    let vendor = Vendor::named(dialect).unwrap();
    Sandbox::new(vendor, options(vendor))
}

/// Asks the sandbox itself, past the gateway.
fn send(sandbox: &Sandbox, method: &str, path: &str, body: &str) -> (u16, Value) {
    let mut request = Request::new(Method::from_bytes(method.as_bytes()).unwrap(), path);
    let media = match sandbox.vendor() {
        Vendor::Scim => "application/scim+json",
        _ => "application/json",
    };
    request.headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    request.headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer project:key"));
    request.body = body.to_owned().into();
    let answer = sandbox.answer(&request);
    (answer.status.as_u16(), serde_json::from_slice(&answer.body).unwrap())
}

/// The id in an answer, within its envelope or without.
fn id(answer: &Value) -> String {
    answer["user"]["id"].as_str().or(answer["id"].as_str()).unwrap().to_owned()
}

/// Values that no page can foretell.
fn blind(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match name.as_str() {
                    "created" | "lastModified" | "version" | "location" | "id"
                        if value.is_string() =>
                    {
                        // A population is said, an id is issued.
                        if *value != "cb3ef0a0-0ff5-4f60-ae82-4ae65d9d0e3a" {
                            *value = json!("{}");
                        }
                    }
                    _ => blind(value),
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(blind),
        _ => {}
    }
}

mod tests {
    use super::*;

    #[test]
    fn every_ordered_pair_has_an_exchange() {
        let all = exchanges();
        for (client, upstream) in pairs() {
            let there = all.iter().any(|one| one.client == client && one.upstream == upstream);
            assert!(there, "{client} -> {upstream}");
        }
    }

    #[test]
    fn upstreams_take_what_the_page_says_and_identities_answer_it() {
        for exchange in exchanges() {
            let title = &exchange.title;
            let write = exchange.message("http upstream-request");
            if write.head == "none" {
                continue;
            }
            let sandbox = sandbox(&exchange.upstream);
            let (method, path) = write.head.split_once(' ').unwrap();
            let mut known = String::new();
            if let Some(stored) = exchange.block("json stored") {
                let (status, answer) =
                    send(&sandbox, "POST", path.trim_end_matches("/{id}"), stored);
                assert_eq!(status, 201, "{title}: {answer}");
                known = id(&answer);
            }
            let fill = |text: &str| text.replace("{id}", &known);
            let (status, mut answer) = send(&sandbox, method, &fill(path), &fill(&write.body));
            assert_eq!(status, if method == "POST" { 201 } else { 200 }, "{title}: {answer}");
            assert_eq!(sandbox.foreign(), Vec::<String>::new(), "{title}");
            if exchange.client == exchange.upstream {
                let shown = exchange.message("http client-answer").body;
                let mut shown: Value = serde_json::from_str(&shown).unwrap();
                blind(&mut shown);
                blind(&mut answer);
                assert_eq!(shown, answer, "{title}");
            }
        }
    }

    #[test]
    fn every_body_is_compact_json() {
        for exchange in exchanges() {
            for info in ["http client-request", "http upstream-request", "http client-answer"] {
                let message = exchange.message(info);
                if message.head == "none" {
                    continue;
                }
                let value: Value = serde_json::from_str(&message.body).unwrap();
                // Members may stand in any order, so only the length is compared.
                let length = value.to_string().len();
                assert_eq!(message.body.len(), length, "{}: {info}", exchange.title);
            }
        }
    }
}
