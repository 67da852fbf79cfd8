//! What only several sections together can be wrong about: routes, and the upstreams that they name.

use std::collections::BTreeMap;

use super::caller::Auth;
use super::cleartext::{is_open, told, weighed};
use super::code::{CLEARTEXT, FORWARD, NO_UPSTREAM, PASSTHROUGH, TWICE, UNUSED};
use super::identity::Identity;
use super::named::{Named, mistake};
use super::route::{Mode, Route};
use super::upstream::{Target, Upstream};
use crate::diagnostic::toml::Item;
use crate::diagnostic::{Diagnostic, did_you_mean};

/// `names` are those of all upstreams, also of such with mistakes.
pub(super) fn together(
    routes: &[Route],
    names: &BTreeMap<&str, Item<'_>>,
    upstreams: &BTreeMap<String, Upstream>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut seen: BTreeMap<String, &Named> = BTreeMap::new();
    for route in routes {
        let Named { name, .. } = &route.upstream;
        if !names.contains_key(name.as_str()) {
            let hint = match did_you_mean(name, names.keys().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("add [upstream.{name}]; there are: {}", list(names)),
            };
            let message = format!("there is no upstream `{name}`");
            found.push(mistake(NO_UPSTREAM, &route.upstream, message, "not there").with_hint(hint));
        }
        let own_ca = upstreams.get(name).is_some_and(|upstream| upstream.ca.is_some());
        if own_ca && route.mode == Mode::Passthrough {
            let message = "a pass-through route trusts the system's authorities alone";
            found.push(mistake(PASSTHROUGH, &route.upstream, message, "this upstream has its own"));
        }
        let sandbox = upstreams.get(name).is_some_and(|u| matches!(u.target, Target::Sandbox(_)));
        if sandbox && route.mode == Mode::Passthrough {
            let message = "a sandbox has no socket to pass a stream through to";
            found.push(mistake(PASSTHROUGH, &route.upstream, message, "this is a sandbox"));
        }
        let own_auth = upstreams.get(name).is_some_and(|u| u.identity != Identity::None);
        if own_auth && matches!(route.auth, Auth::Forward) {
            let message =
                "a route that forwards its clients' Authorization, and the upstream has auth";
            let hint =
                "remove `auth` from the upstream, or forward to another [upstream] without it";
            let label = "the gateway is somebody itself there";
            found.push(mistake(FORWARD, &route.upstream, message, label).with_hint(hint));
        }
        let open = upstreams.get(name).and_then(|upstream| forwarded(route, upstream));
        found.extend(open);
        if let Some(first) = seen.insert(route.label(), &route.prefix) {
            let message = format!("two routes are reached as `{}`", route.label());
            let twice = mistake(TWICE, &route.prefix, message, "the second");
            found.push(twice.at(&first.file, first.span.clone(), "the first"));
        }
    }
    found
}

fn list(names: &BTreeMap<&str, Item<'_>>) -> String {
    names.keys().copied().collect::<Vec<_>>().join(", ")
}

/// Of a route that forwards its clients' own credentials.
fn forwarded(route: &Route, upstream: &Upstream) -> Option<Diagnostic> {
    let Target::Remote(urls) = &upstream.target else { return None };
    if !matches!(route.auth, Auth::Forward) || !urls.iter().any(is_open) {
        return None;
    }
    let Named { file, span, .. } = &route.upstream;
    let message = told("the Authorization of this route's clients", upstream.cleartext);
    let found = Diagnostic::error(CLEARTEXT, message);
    let found = found.at(file, span.clone(), "its url is not https and not loopback");
    Some(weighed(found, upstream.cleartext))
}

/// Warns of an upstream that no route names, where each route names one that is there: else it may be
/// the one that is meant.
pub(super) fn unused((name, item): (&&str, &Item<'_>)) {
    let message = format!("no route goes to the upstream `{name}`");
    let hint = format!("write upstream = \"{name}\" in a [[route]], or remove it");
    let found = item.mistake(UNUSED, message, "nobody reaches it");
    item.reader().report(found.as_warning().with_hint(hint));
}
