//! `tests/seeds.md`, read; and the sandboxes against it: what the page says that an upstream receives
//! is what the vendor documents, and an identity's answer is the vendor's own.

use std::path::Path;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method};
use scim_gateway::sandbox::{OmniKind, Options, Sandbox, Vendor};
use scim_gateway::scim::http::Request;
use serde_json::{Value, json};

use super::oracle::pairs;

/// One `###` section.
pub struct Exchange {
    pub client: String,
    pub upstream: String,
    /// The heading, for messages.
    pub title: String,
    /// (info string, text)
    blocks: Vec<(String, String)>,
}

/// Method and path, or a status; then the body.
pub struct Message {
    pub head: String,
    pub body: String,
}

impl Exchange {
    /// The text of the block with that info string.
    pub fn block(&self, info: &str) -> Option<&str> {
        self.blocks.iter().find(|(name, _)| name == info).map(|(_, text)| text.as_str())
    }

    /// An `http` block; `none` has no body.
    pub fn message(&self, info: &str) -> Message {
        let text = self.block(info).unwrap_or_else(|| panic!("{}: no {info}", self.title));
        let (head, body) = text.split_once('\n').unwrap_or((text, ""));
        Message { head: head.to_owned(), body: body.to_owned() }
    }
}

/// Every exchange of the page, in its order.
pub fn exchanges() -> Vec<Exchange> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/seeds.md");
    let text = std::fs::read_to_string(path).unwrap();
    text.split("\n### ").skip(1).map(exchange).collect()
}

fn exchange(section: &str) -> Exchange {
    let title = section.lines().next().unwrap_or_default().to_owned();
    let (pair, _) = title.split_once(": ").unwrap();
    let (client, upstream) = pair.split_once(" -> ").unwrap();
    let mut blocks = Vec::new();
    let mut rest = section;
    while let Some((_, fenced)) = rest.split_once("\n```") {
        let (info, after) = fenced.split_once('\n').unwrap();
        let (text, after) = after.split_once("\n```\n").unwrap();
        blocks.push((info.to_owned(), text.to_owned()));
        rest = after;
    }
    Exchange { client: client.to_owned(), upstream: upstream.to_owned(), title, blocks }
}

/// A sandbox as the page describes it.
pub fn sandbox(dialect: &str) -> Sandbox {
    let vendor = Vendor::named(dialect).unwrap();
    let mut options = Options::of(vendor);
    options.hidden = json!({});
    options.omni_attributes.insert("scim_user_name".to_owned(), OmniKind::Text);
    Sandbox::new(vendor, options)
}

/// Asks the sandbox itself, past the gateway.
pub fn send(sandbox: &Sandbox, method: &str, path: &str, body: &str) -> (u16, Value) {
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
pub fn id(answer: &Value) -> String {
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
