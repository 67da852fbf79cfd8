//! `tests/seeds.md`, read: the exchanges that several areas run, and what to compare. How a
//! request gets to the gateway is theirs.

use std::path::Path;

use http::Method;
use scim_gateway::rewrite::rule::Rules;
use scim_gateway::sandbox::{OmniKind, Options, Recorded, Sandbox, Vendor};
use scim_gateway::scim::http::Request;
use serde_json::{Value, json};

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

    /// The overlays that the exchange's route has.
    pub fn overlays(&self) -> Vec<Rules> {
        self.block("text overlay").map(overlay).into_iter().collect()
    }
}

/// Every exchange of the page, in its order.
pub fn exchanges() -> Vec<Exchange> {
    read("tests/seeds.md").split("\n### ").skip(1).map(exchange).collect()
}

/// What an exchange came to.
pub struct Outcome {
    /// What the upstream received, in order.
    pub received: Vec<Recorded>,
    pub status: u16,
    pub body: String,
    /// The id of the user.
    pub id: String,
    /// Where the client finds it.
    pub location: String,
}

impl Exchange {
    /// Where the outcome is not the page's.
    pub fn differences(&self, outcome: &Outcome) -> Vec<String> {
        let (reads, writes): (Vec<_>, Vec<_>) =
            outcome.received.iter().partition(|request| request.method == Method::GET);
        let (head, body) = match writes.as_slice() {
            [] => ("none".to_owned(), String::new()),
            [write] => (
                format!("{} {}", write.method, write.path),
                String::from_utf8(write.body.to_vec()).unwrap(),
            ),
            more => (format!("{} writes", more.len()), String::new()),
        };
        let known = [("id", outcome.id.as_str()), ("location", outcome.location.as_str())];
        let compared = |info: &str, head: &str, body: &str| {
            let expected = self.message(info);
            let wanted =
                (filled(&expected.head, &known, head), filled(&expected.body, &known, body));
            let same = wanted.0 == head && wanted.1 == body;
            (!same).then(|| {
                format!(
                    "{}: {info}\n  expected {}\n  {}\n  was      {head}\n  {body}",
                    self.title, wanted.0, wanted.1
                )
            })
        };
        let status = outcome.status.to_string();
        let creates = self.message("http client-request").head.starts_with("POST");
        let read = (creates && !reads.is_empty()).then(|| format!("{}: it reads", self.title));
        [
            compared("http upstream-request", &head, &body),
            compared("http client-answer", &status, &outcome.body),
            read,
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Stores a user by the upstream's own create request and tells its id.
pub fn store(sandbox: &Sandbox, users: &str, body: &str, token: &str) -> String {
    let mut request = Request::new(Method::POST, users);
    let media = match sandbox.vendor() {
        Vendor::Scim => "application/scim+json",
        Vendor::Omni | Vendor::PingOne | Vendor::Descope => "application/json",
    };
    request.headers.insert("content-type", media.parse().unwrap());
    request.headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    request.body = body.to_owned().into();
    let answer = sandbox.answer(&request);
    assert_eq!(answer.status, 201, "{:?}", answer.body);
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    answer.get("user").unwrap_or(&answer)["id"].as_str().unwrap().to_owned()
}

/// What the page says of every sandbox: nothing hidden, and the user attributes that are defined.
pub fn options(vendor: Vendor) -> Options {
    let mut options = Options::of(vendor);
    options.hidden = json!({});
    options.omni_attributes.insert("scim_user_name".to_owned(), OmniKind::Text);
    options
}

/// An overlay file of the project.
pub fn overlay(path: &str) -> Rules {
    let source =
        scim_gateway::diagnostic::Source { name: path.into(), text: read(path).as_str().into() };
    let (overlay, mistakes) = scim_gateway::rewrite::parse::overlay(&source);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    overlay.rules
}

/// The expectation with its placeholders filled: those that are known, and from what was said those
/// that stand for any one non-empty string. What differs elsewhere still differs.
fn filled(expected: &str, known: &[(&str, &str)], said: &str) -> String {
    let expected = known.iter().fold(expected.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    });
    let mut whole = String::new();
    let mut rest = expected.as_str();
    while let Some((at, name)) = next_wildcard(rest) {
        let (before, after) = rest.split_at(at);
        whole.push_str(before);
        rest = after.strip_prefix(name).unwrap_or_default();
        let string = said.strip_prefix(whole.as_str()).map(string_content).unwrap_or_default();
        whole.push_str(if string.is_empty() { name } else { string });
    }
    whole + rest
}

const WILDCARDS: [&str; 5] =
    ["{created}", "{lastModified}", "{version}", "{request_id}", "{detail}"];

fn next_wildcard(text: &str) -> Option<(usize, &'static str)> {
    WILDCARDS.into_iter().filter_map(|name| Some((text.find(name)?, name))).min()
}

/// What stands before the quote that ends a JSON string.
fn string_content(text: &str) -> &str {
    let mut escaped = false;
    let end = text.find(|character| {
        let ends = character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        ends
    });
    end.map(|end| &text[..end]).unwrap_or_default()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
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
