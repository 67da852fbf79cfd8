//! What `explain` tells, and the words that its accounts share.

use serde_json::{Value as Json, json};

use crate::cli::document::rules;
use crate::gateway::report::Way;
use crate::scim::http::Request;

/// What is told, for both formats.
pub(super) struct Account {
    pub lines: Vec<String>,
    pub json: Json,
}

pub(super) fn way_json(way: &Way) -> Json {
    json!({
        "client": way.client,
        "canonical": way.canonical,
        "upstream": way.upstream,
        "outcome": way.outcome.label(),
        "rules": rules(&way.rules),
    })
}

pub(super) fn by(line: &mut String, rules: &[String]) {
    if !rules.is_empty() {
        line.push_str(&format!("  by {}", rules.join(", ")));
    }
}

/// What a cause of loss means, for people.
pub(super) fn reason(label: &str) -> String {
    let meaning = match label {
        "no_place" => "the other side has no such place",
        "shadowed" => "the place belongs to another rule",
        "picked" => "another element was picked",
        "not_taken" => "the upstream did not do what it answered it did",
        "converted" => "the value cannot be converted",
        _ => "a rule says so",
    };
    format!("{label} ({meaning})")
}

/// The call as it would be sent, made of what the user gave.
pub(super) fn call(request: &Request) -> String {
    let body = String::from_utf8_lossy(&request.body);
    let query = request.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{} {}{query} {body}", request.method, request.path).trim_end().to_owned()
}
