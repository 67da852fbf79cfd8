//! PATCH operations in canonical words: arbitrary ones, and what a plain RFC 7644 server makes of them.

use http::Method;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use scim_gateway::sandbox::{Options, Sandbox, Vendor};
use scim_gateway::scim::http::Request;
use serde_json::{Value as Json, json};

use super::oracle::plain;
use super::speech::{spoken, spoken_path, steps};
use super::tables::{DESCOPE_ATTRIBUTES, ENTERPRISE, How, OMNI_ATTRIBUTES, PINGONE_USER, holds};

/// One operation; the path is a leaf, perhaps with a value filter.
#[derive(Clone, Debug)]
pub struct Op {
    op: &'static str,
    path: Option<String>,
    value: Option<Json>,
}

/// What a plain server makes of the operations, one after the other, and whether a removal found
/// nothing; none where it refuses one.
pub fn applied(view: &Json, ops: &[Op]) -> Option<(Json, bool)> {
    let mut options = Options::of(Vendor::Scim);
    options.hidden = json!({});
    let server = Sandbox::new(Vendor::Scim, options);
    let id = server.seed(plain(view));
    let mut vain = false;
    for op in ops {
        let mut request = Request::new(Method::PATCH, format!("/scim/v2/Users/{id}"));
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
        request.headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer project:key"));
        request.body = spoken_message("scim", std::slice::from_ref(op)).to_string().into();
        // Section 3.5.2.2 knows no failure of a removal that finds nothing.
        let done = server.answer(&request).status.is_success();
        if !done && op.op != "remove" {
            return None;
        }
        vain |= !done;
    }
    Some((server.users().into_iter().next()?, vain))
}

/// The request in a client's words.
pub fn spoken_message(client: &str, ops: &[Op]) -> Json {
    let ops: Vec<Json> = ops.iter().map(|op| op.spoken(client)).collect();
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": ops})
}

impl Op {
    fn spoken(&self, client: &str) -> Json {
        let mut said = json!({"op": self.op});
        if let Some(path) = &self.path {
            said["path"] = json!(match path.split_once('[') {
                Some(_) => path.clone(),
                None => spoken_path(client, path),
            });
        }
        if let Some(value) = &self.value {
            said["value"] = if self.path.is_none() { spoken(client, value) } else { value.clone() };
        }
        said
    }
}

/// One to three operations on what the client may write.
pub fn operations(client: &str, upstream: &str, view: &Json, drawn: &[u16]) -> Vec<Op> {
    let mut dice = Dice { drawn, at: 0 };
    (0..1 + dice.roll(3)).map(|_| dice.op(client, upstream, view)).collect()
}

struct Dice<'d> {
    drawn: &'d [u16],
    at: usize,
}

impl Dice<'_> {
    fn roll(&mut self, sides: usize) -> usize {
        let drawn = self.drawn.get(self.at % self.drawn.len().max(1)).copied().unwrap_or_default();
        self.at += 1;
        (usize::from(drawn) + self.at) % sides.max(1)
    }

    fn op(&mut self, client: &str, upstream: &str, view: &Json) -> Op {
        let arrays: Vec<&str> = ["emails", "phoneNumbers", "addresses", "roles"]
            .into_iter()
            .filter(|name| {
                let within = format!("{name}.");
                holds(client).iter().any(|(leaf, _)| leaf.starts_with(&within))
            })
            .collect();
        match self.roll(8) {
            6 if !arrays.is_empty() => self.again(client, "emails", view),
            7 if client == "scim" => self.extension(),
            0 if !arrays.is_empty() => {
                let at = self.roll(arrays.len());
                self.elements(client, arrays[at])
            }
            1 if !arrays.is_empty() => self.selected(client, "emails", view),
            2 => self.pathless(client, upstream),
            3 => Op { op: "remove", path: Some(self.leaf(client, upstream, true)), value: None },
            op => {
                let path = self.leaf(client, upstream, false);
                let value = self.value(&path);
                let op = if op == 4 { "add" } else { "replace" };
                Op { op, path: Some(path), value: Some(value) }
            }
        }
    }

    /// A singular leaf that the client may write.
    fn leaf(&mut self, client: &str, upstream: &str, removable: bool) -> String {
        let leaves: Vec<&str> = holds(client)
            .iter()
            .filter(|(_, how)| !matches!(how, How::Picked | How::Secret))
            .map(|(leaf, _)| *leaf)
            .filter(|leaf| *leaf != "urn:*" && !is_element(leaf) && !leaf.ends_with("$ref"))
            .filter(|leaf| !removable || !KEPT.contains(leaf) && !leaf.starts_with(PINGONE_USER))
            .collect();
        let at = self.roll(leaves.len());
        let keys = if upstream == "omni" { ["region", "title"] } else { ["region", "k9"] };
        leaves[at].replace('*', keys[self.roll(2)])
    }

    fn value(&mut self, leaf: &str) -> Json {
        let texts = ["Ann", "Bo \"B\" Lee", "na\u{ef}ve", "x"];
        match leaf {
            "userName" => json!(["ann@corp.example", "BO@corp.example"][self.roll(2)]),
            "active" => json!(self.roll(2) == 0),
            leaf if leaf.starts_with(PINGONE_USER) => json!("0f1e2d3c-0ff5-4f60-ae82-4ae65d9d0e3a"),
            "profileUrl" => json!("https://a.example/b"),
            _ => json!(texts[self.roll(texts.len())]),
        }
    }

    fn pathless(&mut self, client: &str, upstream: &str) -> Op {
        let mut value = json!({});
        for _ in 0..1 + self.roll(2) {
            let leaf = self.leaf(client, upstream, false);
            let leaf_value = self.value(&leaf);
            let mut at = &mut value;
            for name in steps(&leaf) {
                at = &mut at[name];
            }
            *at = leaf_value;
        }
        Op { op: ["add", "replace"][self.roll(2)], path: None, value: Some(value) }
    }

    /// Elements of an array, as a whole.
    fn elements(&mut self, client: &str, name: &str) -> Op {
        let one = self.element(client, name);
        // One that has room for a single element cannot be told of a second.
        let room = !holds(client).contains(&(&format!("{name}.value"), How::Picked));
        let path = Some(name.to_owned());
        match self.roll(3) {
            0 => Op { op: "remove", path, value: None },
            1 if room && name != "addresses" => Op { op: "add", path, value: Some(json!([one])) },
            _ => Op { op: "replace", path, value: Some(json!([one])) },
        }
    }

    fn element(&mut self, client: &str, name: &str) -> Json {
        let value = ["new@corp.example", "other@corp.example"][self.roll(2)];
        let has =
            |sub: &str| holds(client).iter().any(|(leaf, _)| *leaf == format!("{name}.{sub}"));
        let mut one = json!({});
        if has("value") {
            one["value"] = json!(value);
        } else {
            one["streetAddress"] = json!("1 Main St");
        }
        if has("type") && self.roll(2) == 0 {
            one["type"] = json!(["work", "home"][self.roll(2)]);
        }
        if has("primary") && self.roll(2) == 0 {
            one["primary"] = json!(true);
        }
        one
    }

    /// An element that is there already, or that is to be the primary one.
    fn again(&mut self, client: &str, name: &str, view: &Json) -> Op {
        let room = !holds(client).contains(&(&format!("{name}.value"), How::Picked));
        let elements = view[name].as_array().cloned().unwrap_or_default();
        let at = self.roll(elements.len().max(1));
        let Some(one) = elements.get(at) else {
            return Op { op: "remove", path: Some(name.to_owned()), value: None };
        };
        let value = &one["value"];
        match self.roll(2) {
            0 if room => Op { op: "add", path: Some(name.to_owned()), value: Some(json!([one])) },
            _ => Op {
                op: "replace",
                path: Some(format!("{name}[value eq {value}].primary")),
                value: Some(json!(true)),
            },
        }
    }

    /// An extension as a whole, by its bare URN.
    fn extension(&mut self) -> Op {
        let path = Some(ENTERPRISE.to_owned());
        let department = ["R&D", "Sales"][self.roll(2)];
        let value = json!({"department": department, "division": "West"});
        match self.roll(3) {
            0 => Op { op: "remove", path, value: None },
            1 => Op { op: "add", path, value: Some(value) },
            _ => Op { op: "replace", path: None, value: Some(json!({ENTERPRISE: value})) },
        }
    }

    /// A value path.
    fn selected(&mut self, client: &str, name: &str, view: &Json) -> Op {
        let elements = view[name].as_array().cloned().unwrap_or_default();
        let at = self.roll(elements.len().max(1));
        let value = elements.get(at).map_or(json!("none@x.example"), |one| one["value"].clone());
        let typed = holds(client).iter().any(|(leaf, _)| *leaf == format!("{name}.type"));
        let filter = match self.roll(10) {
            0 if typed => "type eq \"work\"".to_owned(),
            1 => "primary eq true".to_owned(),
            2 if typed => format!("type eq \"home\" or value eq {value}"),
            3 => format!("value eq {value} or value eq \"new@corp.example\""),
            4 => format!("not (value eq {value})"),
            5 => "value co \"@\" and not (primary eq true)".to_owned(),
            6 => "value pr".to_owned(),
            7 => format!("value eq {value} and value sw \"a\""),
            _ => format!("value eq {value}"),
        };
        match self.roll(3) {
            0 => Op { op: "remove", path: Some(format!("{name}[{filter}]")), value: None },
            _ => Op {
                op: "replace",
                path: Some(format!("{name}[{filter}].value")),
                value: Some(json!("moved@corp.example")),
            },
        }
    }
}

/// What no client can remove, or what the vendor then sets to a default.
const KEPT: [&str; 2] = ["userName", "active"];

fn is_element(leaf: &str) -> bool {
    let first = leaf.split('.').next().unwrap_or_default();
    super::oracle_put::ARRAYS.contains(&first)
        && ![OMNI_ATTRIBUTES, DESCOPE_ATTRIBUTES].contains(&first)
}
