//! A server that stores JSON and answers it word for word, with the ways of real servers to choose from,
//! and the law of filters over it.

use std::sync::Arc;

use http::Method;
use scim_gateway::dialect::Dialect;
use scim_gateway::dialect::FilterForms;
use scim_gateway::fault::Fault;
use scim_gateway::gateway::RouteSpec;
use scim_gateway::scim::document::{DocumentLimits, parse};
use scim_gateway::scim::evaluate::matches;
use scim_gateway::scim::grammar::{Known, parse_filter};
use scim_gateway::scim::http::{Request, Response};
use scim_gateway::scim::query::encode;
use scim_gateway::scim::schema::Schema;
use serde_json::{Value as Json, json};

use crate::harness::body;
use crate::scripted::{Line, answer};

/// What is stored, and how it is answered.
#[derive(Clone)]
pub struct Shelf {
    pub resources: Vec<Json>,
    pub schema: Schema,
    /// The most resources of a page, whatever is asked.
    pub page: usize,
    /// Whether a total counts everything; else it never exceeds the page.
    pub counts: bool,
    /// Whether a total is named at all.
    pub totals: bool,
    /// Whether filters are looked at.
    pub filters: bool,
    /// Whether a start is looked at; else, and behind the end with `wraps`, the first page is answered.
    pub starts: bool,
    pub wraps: bool,
    /// The startIndex that is answered; `None`: the one that was asked.
    pub echo: Option<usize>,
    /// What lists, and what all answers, leave out.
    pub unlisted: Vec<&'static str>,
    pub unshown: Vec<&'static str>,
}

impl Shelf {
    pub fn new(spec: &RouteSpec, kind: &str, resources: Vec<Json>) -> Self {
        let found = spec.upstream.resources.iter().find(|r| r.schema.resource == kind);
        Self {
            resources,
            schema: found.expect("a resource type").schema.clone(),
            page: 1_000,
            counts: true,
            totals: true,
            filters: true,
            starts: true,
            wraps: false,
            echo: None,
            unlisted: Vec::new(),
            unshown: Vec::new(),
        }
    }

    pub fn line(self, spec: RouteSpec) -> Line {
        Line::with(spec, move |_, request: &Request| self.serve(request))
    }

    fn serve(&self, request: &Request) -> Result<Response, Fault> {
        if request.method != Method::GET {
            return answer(405, &[], "");
        }
        let name = request.path.rsplit('/').next().unwrap_or_default();
        if let Some(one) = self.resources.iter().find(|one| one["id"] == name) {
            return answer(200, &[], &without(one, &self.unshown).to_string());
        }
        if !["Users", "Groups", "people"].contains(&name) {
            let error = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
                "status": "404", "detail": "none"});
            return answer(404, &[], &error.to_string());
        }
        answer(200, &[], &self.list(request.query.as_deref().unwrap_or_default()).to_string())
    }

    fn list(&self, query: &str) -> Json {
        let asked = |name: &str| {
            url::form_urlencoded::parse(query.as_bytes())
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let urns = self.schema.urns();
        let known = Known { urns: &urns, lenient: false, ..Known::default() };
        let filter = asked("filter").filter(|_| self.filters);
        let filter = filter.map(|text| parse_filter(&text, &known).expect("a filter"));
        let holds = |one: &&Json| {
            let text = one.to_string();
            let parsed = parse(text.as_bytes(), &DocumentLimits::depth(32)).expect("JSON");
            let object = parsed.as_object().expect("an object");
            filter.as_ref().is_none_or(|filter| matches(filter, object, &self.schema))
        };
        let all: Vec<&Json> = self.resources.iter().filter(holds).collect();
        let number = |name: &str| asked(name).and_then(|text| text.parse::<usize>().ok());
        let start = number("startIndex").unwrap_or(1).max(1);
        let first = match start > all.len() {
            _ if !self.starts => 1,
            true if self.wraps => 1,
            _ => start,
        };
        let count = number("count").unwrap_or(self.page).min(self.page);
        let page: Vec<Json> = all
            .iter()
            .skip(first - 1)
            .take(count)
            .map(|one| without(&without(one, &self.unshown), &self.unlisted))
            .collect();
        let total = if self.counts { all.len() } else { page.len() };
        let mut list = json!({"startIndex": self.echo.unwrap_or(start), "Resources": page});
        if self.totals {
            list["totalResults"] = json!(total);
        }
        list
    }
}

fn without(one: &Json, names: &[&str]) -> Json {
    let mut one = one.clone();
    let members = one.as_object_mut().expect("an object");
    names.iter().for_each(|name| {
        members.remove(*name);
    });
    one
}

/// The route with an upstream that is asked no filter.
pub fn unasked(spec: &RouteSpec) -> RouteSpec {
    let mut upstream: Dialect = (*spec.upstream).clone();
    for resource in &mut upstream.resources {
        resource.filter =
            FilterForms { and: false, or: false, not: false, max_terms: 0, attributes: Vec::new() };
    }
    RouteSpec { upstream: Arc::new(upstream), ..spec.clone() }
}

/// The status, and the ids of what is found.
pub async fn found(line: &Line, path: &str, filter: &str) -> (u16, Vec<String>) {
    let query = encode(&[("filter", filter)]);
    let outcome = line.send("GET", &format!("{path}?{query}"), &[], b"").await;
    let shown = body(&outcome);
    let ids: Vec<String> = shown["Resources"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| one["id"].as_str().expect("an id").to_owned())
        .collect();
    if outcome.response.status == 200 {
        assert_eq!(shown["totalResults"], json!(ids.len()), "{filter}");
    }
    (outcome.response.status.as_u16(), ids)
}

/// The law: what is found is the same whether the upstream is asked the filter or not.
pub async fn law(spec: &RouteSpec, shelf: &Shelf, path: &str, filter: &str) -> Result<(), String> {
    let pushed = found(&shelf.clone().line(spec.clone()), path, filter).await;
    let scanned = found(&shelf.clone().line(unasked(spec)), path, filter).await;
    if pushed == scanned {
        return Ok(());
    }
    Err(format!("{filter}: asked {pushed:?}, read whole {scanned:?}"))
}
