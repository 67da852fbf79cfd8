//! `explain --filter`: how much of a filter the upstream is asked, and what is done here.

use http::Method;
use serde_json::json;

use super::account::{Account, by, call};
use crate::cli::document::rules;
use crate::dialect::Paging;
use crate::gateway::Route;
use crate::gateway::pair::Pair;
use crate::gateway::report::{FilterReach, FilterReport};
use crate::gateway::view::{Columns, PageCall, Truth};

pub(super) fn of_filter(route: &Route, pair: &Pair, report: &FilterReport) -> Account {
    let mut lines = Vec::new();
    let mut terms = Vec::new();
    for term in &report.terms {
        let upstream = term.upstream.as_ref().map(|text| format!(" -> {text}")).unwrap_or_default();
        let reach = term.reach.label();
        let canonical = canonical(&term.truth, term.way.canonical.as_deref());
        let mut line = format!("{} -> {canonical}{upstream}  {reach}: {}", term.client, term.why);
        by(&mut line, &rules(&term.way.rules));
        lines.push(line);
        terms.push(json!({
            "client": term.client, "canonical": canonical, "upstream": term.upstream,
            "reach": reach, "why": term.why, "rules": rules(&term.way.rules),
        }));
    }
    let plan = &report.plan;
    let asked = plan.pushed.as_ref().map(ToString::to_string);
    let whole = truth(&plan.truth);
    lines.push(format!("truth: {whole}"));
    lines.push(format!(
        "asked of the upstream ({}): {}",
        report.reach.label(),
        asked.as_deref().unwrap_or("nothing")
    ));
    let here = sifted(report);
    lines.push(format!("evaluated here: {here}"));
    let sent = first_call(route, pair, report);
    lines.extend(sent.iter().map(|sent| format!("call: {sent}")));
    let answered = match (&plan.truth, plan.direct, plan.unique) {
        (Truth::Never, ..) => "an empty list, without a call".to_owned(),
        _ if plan.id.is_some() => "by the one resource with that id, or nobody".to_owned(),
        (_, true, _) => "one call: the upstream's own page and total".to_owned(),
        _ if pair.upstream_resource.list.paging == Paging::Capped => {
            let most = pair.upstream_resource.list.max_count;
            format!("from one page; a full one ({most}) cannot be shown to be all, and is refused")
        }
        (_, _, true) => "page by page, until the one that can match is found".to_owned(),
        (_, _, false) => {
            let most = route.spec.policies.scan_limit;
            let page = pair.upstream_resource.list.max_count;
            format!("all pages of {page} are read, at most {most} resources; beyond: tooMany")
        }
    };
    lines.push(format!("answered: {answered}"));
    let json = json!({
        "terms": terms, "truth": whole, "reach": report.reach.label(), "asked": asked,
        "evaluated": here, "call": sent, "direct": plan.direct, "unique": plan.unique, "answered": answered,
    });
    Account { lines, json }
}

/// Where in canonical a comparison is about, or what it comes to.
fn canonical(of: &Truth, place: Option<&str>) -> String {
    match (of, place) {
        (Truth::Test(_), Some(place)) => place.to_owned(),
        _ => truth(of),
    }
}

fn truth(truth: &Truth) -> String {
    match truth {
        Truth::Always => "true".to_owned(),
        Truth::Never => "false".to_owned(),
        Truth::Test(filter) => filter.to_string(),
    }
}

/// What the gateway asks of each resource that the upstream answers.
fn sifted(report: &FilterReport) -> String {
    match (report.reach, &report.plan.truth) {
        (FilterReach::Constant, _) => "nothing: it is known without asking".to_owned(),
        (FilterReach::Exact, _) => {
            "that the answer is what was asked for; if not, the upstream ignores filters, and all is \
             read"
                .to_owned()
        }
        (FilterReach::Superset, whole) => format!("of what it finds: {}", truth(whole)),
        (FilterReach::Subset, whole) => {
            format!("of what it finds, and where it misses of every resource: {}", truth(whole))
        }
        (FilterReach::None, whole) => format!("of every resource: {}", truth(whole)),
    }
}

/// The first call as it would be sent; those for further pages are like it.
fn first_call(route: &Route, pair: &Pair, report: &FilterReport) -> Option<String> {
    let plan = &report.plan;
    if plan.truth == Truth::Never {
        return None;
    }
    if let Some(id) = &plan.id {
        let mut request = route.call(pair, Method::GET, Some(id.as_str()), "");
        request.query = plan.columns.as_ref().map(Columns::query);
        return Some(call(&request));
    }
    let most = pair.upstream_resource.list.max_count;
    let count = if plan.direct { pair.page_size(None) } else { most };
    let pushed = plan.hit.as_ref().or(plan.pushed.as_ref());
    let columns = plan.columns.as_ref();
    let page = PageCall { pushed, sort: None, at: pair.beginning(), count, columns };
    let (_, request) = route.list_call(pair, &page, true).ok()?;
    Some(call(&request))
}
