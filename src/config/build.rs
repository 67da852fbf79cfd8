//! Configuration and dialects -> route specifications: every name is resolved here.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::code::{
    NO_DIALECT, NO_PATCH, OVERLAY_DIALECT, OVERLAY_PLACE, VARIABLE_MISSING, VARIABLE_PATH,
    VARIABLE_UNKNOWN,
};
use super::model::Config;
use super::named::{Named, Vars, mistake};
use super::route::Route;
use super::upstream::Upstream;
use crate::diagnostic::{Diagnostic, Mistakes, Source, any_error, did_you_mean};
use crate::dialect::{Dialect, Dialects};
use crate::gateway::RouteSpec;
use crate::gateway::pair::Kind;
use crate::rewrite::check::{check_over, conflicts};
use crate::rewrite::parse;
use crate::rewrite::rule::{Rules, SetValue};
use crate::scim::schema::{Attribute, Operation, Operations};
use crate::scim::uri::is_plain_path;

/// Which side of a route a dialect stands on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Client,
    Upstream,
}

/// The routes, ready to compile, in the configuration's order.
///
/// # Errors
/// All mistakes of all routes at once.
pub fn specs(config: &Config, dialects: &Dialects) -> Result<Vec<RouteSpec>, Mistakes> {
    let (specs, found) = compose(config, &[], dialects);
    if any_error(&found.diagnostics) { Err(found) } else { Ok(specs) }
}

/// The routes that have no mistake, ready to compile, and all that is wrong with the others and with
/// the dialects that are `named`. Of a dialect that is there and cannot be read nothing is said.
pub fn compose(
    config: &Config,
    named: &[Named],
    dialects: &Dialects,
) -> (Vec<RouteSpec>, Mistakes) {
    let mut met = Met { rules: rules_hash(config, dialects), ..Met::default() };
    for named in named {
        let _ = dialect(named, dialects, &mut met.found);
    }
    let specs: Vec<_> =
        config.routes.iter().filter_map(|route| spec(config, route, dialects, &mut met)).collect();
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    for diagnostic in met.found {
        if !diagnostics.contains(&diagnostic) {
            diagnostics.push(diagnostic);
        }
    }
    let mut sources = config.sources.clone();
    let mut names: BTreeSet<_> = sources.iter().map(|source| Arc::clone(&source.name)).collect();
    let overlays = config.routes.iter().flat_map(|route| &route.overlays);
    sources.extend(overlays.filter(|overlay| names.insert(Arc::clone(&overlay.name))).cloned());
    (specs, Mistakes { diagnostics, sources })
}

/// What routes have in common, read once: many routes go to one upstream, with one overlay.
#[derive(Default)]
struct Met<'c> {
    /// The hash of all rules.
    rules: String,
    found: Vec<Diagnostic>,
    /// By the upstream's name.
    targets: HashMap<&'c str, Option<Arc<Dialect>>>,
    /// By the upstream's name and the overlay's.
    overlays: HashMap<(&'c str, &'c str), Option<(Kind, Rules)>>,
}

impl<'c> Met<'c> {
    /// The upstream's dialect, with its own entries.
    fn target(&mut self, upstream: &'c Upstream, dialects: &Dialects) -> Option<Arc<Dialect>> {
        let Self { found, targets, .. } = self;
        let read = || {
            dialect(&upstream.dialect, dialects, found).map(|own| {
                with_patch(with_schema(&own, &upstream.schema), upstream.patch.as_ref(), found)
            })
        };
        targets.entry(&upstream.name).or_insert_with(read).clone()
    }

    fn overlay(
        &mut self,
        source: &'c Source,
        (upstream, target): (&'c str, &Dialect),
        dialects: &Dialects,
    ) -> Option<(Kind, Rules)> {
        let Self { found, overlays, .. } = self;
        let read = || overlay(source, target, dialects, found);
        overlays.entry((upstream, &source.name)).or_insert_with(read).clone()
    }
}

/// A short word for the rules in force: it changes with every change of a dialect or an overlay.
pub fn rules_hash(config: &Config, dialects: &Dialects) -> String {
    let overlays = config.routes.iter().flat_map(|route| &route.overlays);
    let mut hash = Sha256::new();
    let mut named = BTreeSet::new();
    let overlays = overlays.filter(|overlay| named.insert(&overlay.name));
    for source in dialects.sources().iter().chain(overlays) {
        for part in [&source.name, &source.text] {
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        }
    }
    hex::encode(hash.finalize()).chars().take(12).collect()
}

/// A short word for all that decides how the route shows a resource: the rules, and what the route
/// says of them.
fn in_force(rules: &str, route: &Route, upstream: &Upstream) -> String {
    let mut hash = Sha256::new();
    hash.update(rules);
    let own = (&route.client_extends, &route.client_vars.values);
    hash.update(format!("{own:?}{:?}", (&upstream.schema, &upstream.vars.values)));
    hex::encode(hash.finalize()).chars().take(8).collect()
}

fn spec<'c>(
    config: &'c Config,
    route: &'c Route,
    dialects: &Dialects,
    met: &mut Met<'c>,
) -> Option<RouteSpec> {
    let upstream = config.upstreams.get(&route.upstream.name)?;
    let client = dialect(&route.client, dialects, &mut met.found);
    let target = met.target(upstream, dialects);
    let (client, target) = (client?, target?);
    let all: Vec<(Kind, Rules)> = route
        .overlays
        .iter()
        .filter_map(|source| met.overlay(source, (&upstream.name, &target), dialects))
        .collect();
    let of = |wanted: Kind| {
        let rules = all.iter().filter(|(kind, _)| *kind == wanted).map(|(_, rules)| rules.clone());
        rules.collect::<Vec<Rules>>()
    };
    let (overlays, group_overlays) = (of(Kind::User), of(Kind::Group));
    // The overlays of one route are one set (docs/semantics.md 1.4 and 1.5).
    for rules in [&overlays, &group_overlays].into_iter().filter(|rules| rules.len() > 1) {
        met.found.extend(conflicts(rules));
    }
    let rules: Vec<Rules> = all.into_iter().map(|(_, rules)| rules).collect();
    met.found.extend(vars(&route.client_vars, &client, Role::Client, &[]));
    met.found.extend(vars(&upstream.vars, &target, Role::Upstream, &rules));
    Some(RouteSpec {
        name: route.label(),
        host: route.host.clone(),
        prefix: route.prefix.name.clone(),
        client,
        client_vars: route.client_vars.values.clone(),
        client_extends: route.client_extends.clone(),
        upstream: target,
        upstream_vars: upstream.vars.values.clone(),
        upstream_name: upstream.name.clone(),
        overlays,
        group_overlays,
        public_url: config.server.public_url.clone(),
        rules: in_force(&met.rules, route, upstream),
        policies: route.policies.clone(),
    })
}

fn dialect(
    named: &Named,
    dialects: &Dialects,
    found: &mut Vec<Diagnostic>,
) -> Option<Arc<Dialect>> {
    let dialect = dialects.named(&named.name).cloned();
    if dialect.is_none() && !dialects.is_broken(&named.name) {
        let hint = match did_you_mean(&named.name, dialects.names()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("there are: {}", dialects.names().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("there is no dialect `{}`", named.name);
        found.push(mistake(NO_DIALECT, named, message, "not there").with_hint(hint));
    }
    dialect
}

/// The dialect with an upstream's own entries over its schema of users.
fn with_schema(dialect: &Arc<Dialect>, entries: &[Attribute]) -> Arc<Dialect> {
    if entries.is_empty() {
        return Arc::clone(dialect);
    }
    let mut own = Dialect::clone(dialect);
    for resource in own.resources.iter_mut().filter(|r| r.schema.resource == "User") {
        let attributes = &mut resource.schema.attributes;
        for entry in entries {
            match attributes.iter_mut().find(|old| old.name.eq_ignore_ascii_case(&entry.name)) {
                Some(old) => *old = entry.clone(),
                None => attributes.push(entry.clone()),
            }
        }
    }
    Arc::new(own)
}

/// The dialect with the form of PATCH that an upstream is set to take, on each resource that offers it.
fn with_patch(
    dialect: Arc<Dialect>,
    wanted: Option<&Named>,
    found: &mut Vec<Diagnostic>,
) -> Arc<Dialect> {
    let Some(wanted) = wanted else { return dialect };
    let mut own = Dialect::clone(&dialect);
    let mut offered = BTreeSet::new();
    let mut taken = false;
    for resource in &mut own.resources {
        for (name, forms) in &resource.patch_choices {
            offered.insert(name.clone());
            if *name == wanted.name {
                resource.patch = Some(forms.clone());
                resource.operations = patching(resource.operations);
                taken = true;
            }
        }
    }
    if !taken {
        let names: Vec<String> = offered.into_iter().collect();
        let hint = match names.as_slice() {
            [] => "remove it: the dialect says how PATCH is sent".to_owned(),
            names => format!("it offers: {}", names.join(", ")),
        };
        let message = format!("the dialect `{}` offers no PATCH named so", dialect.name);
        found.push(mistake(NO_PATCH, wanted, message, "not offered").with_hint(hint));
    }
    Arc::new(own)
}

fn patching(operations: Operations) -> Operations {
    Operations::of(&operations.iter().chain([Operation::Patch]).collect::<Vec<_>>())
}

fn overlay(
    source: &Source,
    dialect: &Dialect,
    dialects: &Dialects,
    found: &mut Vec<Diagnostic>,
) -> Option<(Kind, Rules)> {
    let (overlay, mistakes) = parse::overlay(source);
    let broken = any_error(&mistakes);
    found.extend(mistakes);
    if broken {
        return None;
    }
    let at =
        |code, message: String| Diagnostic::error(code, message).at(&source.name, 0..0, "here");
    if overlay.dialect != dialect.name {
        let message = format!(
            "this overlay is for the dialect `{}`, and the route's upstream speaks `{}`",
            overlay.dialect, dialect.name
        );
        found.push(at(OVERLAY_DIALECT, message));
        return None;
    }
    let resource = dialect.resources.iter().find(|r| r.schema.resource == overlay.resource);
    match (resource, dialects.canonical_of(&overlay.resource)) {
        (Some(resource), Some(canonical)) => {
            found.extend(check_over(&overlay.rules, &resource.rules, canonical, &resource.schema));
            let kind = Kind::ALL.into_iter().find(|kind| kind.name() == overlay.resource)?;
            Some((kind, overlay.rules))
        }
        _ => {
            let message = format!("`{}` has no resource `{}`", dialect.name, overlay.resource);
            found.push(at(OVERLAY_PLACE, message));
            None
        }
    }
}

/// What is wrong with the values given for a dialect's variables in one role.
fn vars(given: &Vars, dialect: &Dialect, role: Role, overlays: &[Rules]) -> Vec<Diagnostic> {
    let used = used(dialect, role, overlays);
    let known = || dialect.variables.iter().map(|(name, _)| name.as_str());
    let at = |code, message: String, label: &str| {
        Diagnostic::error(code, message).at(&given.file, given.span.clone(), label)
    };
    let key = if role == Role::Client { "client_vars" } else { "vars" };
    let mut found = Vec::new();
    for name in given.values.keys().filter(|name| !known().any(|k| k == name.as_str())) {
        let hint = match did_you_mean(name, known()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("its variables: {}", known().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("the dialect `{}` has no variable `{name}`", dialect.name);
        found.push(at(VARIABLE_UNKNOWN, message, "unknown variable").with_hint(hint));
    }
    for name in in_base(dialect) {
        if given.values.get(name).is_some_and(|value| value.contains('/') || !is_plain_path(value))
        {
            let message = format!("the variable `{name}` stands in the path, and its value cannot");
            let hint = "one segment of a URL's path: no query, no blank, no `/`";
            found.push(at(VARIABLE_PATH, message, "not a path").with_hint(hint));
        }
    }
    for (name, needed) in used {
        if needed && !given.values.contains_key(name) {
            let meaning = dialect.variables.iter().find(|(n, _)| n == name).map(|(_, text)| text);
            let message =
                format!("the dialect `{}` needs the variable `{name}` here", dialect.name);
            let hint = format!("{key} = {{ {name} = \"…\" }}: {}", meaning.map_or("", |m| m));
            found.push(at(VARIABLE_MISSING, message, "not given here").with_hint(hint));
        }
    }
    found
}

/// The variables that a dialect uses in a role, and whether it can do without.
fn used<'d>(dialect: &'d Dialect, role: Role, overlays: &'d [Rules]) -> BTreeMap<&'d str, bool> {
    let mut used: BTreeMap<_, _> = in_base(dialect).map(|name| (name, true)).collect();
    let rules = dialect.resources.iter().map(|resource| &resource.rules).chain(overlays);
    for set in rules.flat_map(|rules| &rules.sets) {
        if let SetValue::Variable { name, optional } = &set.value
            && set.render == (role == Role::Client)
        {
            *used.entry(name.as_str()).or_insert(false) |= !optional;
        }
    }
    used
}

/// The variables that stand in the dialect's base path.
fn in_base(dialect: &Dialect) -> impl Iterator<Item = &str> {
    let parts = dialect.base.split('{').skip(1);
    parts.filter_map(|part| part.split_once('}').map(|(name, _)| name))
}
