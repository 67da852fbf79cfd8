//! `[upstream.<name>]`: a service, its dialect and who the gateway is to it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use url::Url;

use super::care::{Care, care};
use super::certificates::{CertificatePair, client_cert};
use super::cleartext;
use super::code::{CARE, CLIENT_CERT, DEMO, NO_SANDBOX, NODES, URL};
use super::entries::extends;
use super::identity::{Identity, identity};
use super::named::{Named, Vars};
use super::reading::Reading;
use super::surroundings::Surroundings;
use super::timeouts::{Timeouts, timeouts};
use super::value::{HTTP, named, number, parsed, readable, vars};
use crate::diagnostic::Form;
use crate::diagnostic::did_you_mean;
use crate::diagnostic::toml::{Item, Table};
use crate::sandbox::Vendor;
use crate::scim::schema::Attribute;
use crate::scim::uri::is_plain_path;

/// What an upstream's URL begins with to mean an embedded simulator.
const SANDBOX: &str = "sandbox:";
/// Nodes of one upstream.
const MOST_NODES: usize = 64;

#[derive(Clone, Debug, PartialEq)]
pub struct Upstream {
    pub name: String,
    pub dialect: Named,
    pub target: Target,
    /// Whether a simulator begins with a few people.
    pub demo: bool,
    pub identity: Identity,
    /// What the gateway shows in TLS, beside its authorization.
    pub client_cert: Option<CertificatePair>,
    pub vars: Vars,
    /// Whole entries laid over the dialect's schema of users.
    pub schema: Vec<Attribute>,
    /// The form of PATCH to send, of those that the dialect offers.
    pub patch: Option<Named>,
    pub timeouts: Timeouts,
    /// Of one answer, header and body each, in bytes.
    pub answer_limit: usize,
    /// A PEM file with the authorities to trust instead of the system's.
    pub ca: Option<PathBuf>,
    /// Whether credentials may go there over plain HTTP beyond loopback.
    pub cleartext: bool,
    pub care: Care,
}

/// Where an upstream is.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// The nodes, none where the URL has a mistake, else at least one, each `http` or `https`; the path, the same of all, is put before the
    /// dialect's base.
    Remote(Vec<Url>),
    /// An embedded simulator of the named vendor.
    Sandbox(Named),
}

/// Reads one upstream; a part with a mistake is as if it were not there.
pub(super) fn upstream(
    name: &str,
    table: Table<'_>,
    around: &Surroundings<'_>,
) -> Option<Upstream> {
    let dialect = table.need("dialect").and_then(named);
    let target = table.need("url").and_then(target);
    let sandbox = matches!(target, Some(Target::Sandbox(_)));
    let demo = table.item("demo").and_then(|item| demo(item, &target));
    let cleartext = cleartext::allowed(&table);
    let reading = Reading { around, sandbox, cleartext };
    let auth = table.item("auth");
    let identity = auth.map(|item| identity(item, reading));
    if let (Some(url), Some(Target::Remote(_)), Some(_)) = (table.item("url"), &target, auth) {
        cleartext::nodes(url, cleartext);
    }
    let client_cert = table.item("client_cert").map(|item| {
        shown_in_tls(item, &target);
        client_cert(item, around)
    });
    let timeouts = table.table("timeouts").map(timeouts).unwrap_or_default();
    let answer_limit = table.item("answer_limit").and_then(|i| number(i, 1_024..=256 << 20));
    let patch = table.item("patch").and_then(named);
    let ca = table.item("ca").and_then(|item| readable(item, around.directory));
    let (schema, vars) = (extends(&table, "schema"), vars(&table, "vars"));
    let care = care(&table);
    let nobody = !sandbox && auth.is_none();
    if let Some(item) = table.item("health").filter(|_| nobody)
        && care.health.as_ref().is_some_and(|health| health.authorization)
    {
        let message = "the health check is to show the upstream's authorization, and it has none";
        let diagnostic = item.mistake(CARE, message, "there is nothing to show");
        item.reader().report(diagnostic.with_hint("give the upstream its `auth`"));
    }
    table.close();
    Some(Upstream {
        name: name.to_owned(),
        dialect: dialect?,
        target: target.unwrap_or(Target::Remote(Vec::new())),
        demo: demo.unwrap_or_default(),
        identity: identity.flatten().unwrap_or(Identity::None),
        client_cert: client_cert.flatten(),
        vars,
        schema,
        patch,
        timeouts,
        answer_limit: answer_limit.unwrap_or(8 << 20),
        ca,
        cleartext,
        care,
    })
}

/// One URL, or the URLs of several nodes.
fn target(item: Item<'_>) -> Option<Target> {
    item.may_be(Form::Text(HTTP));
    item.may_say(
        Vendor::ALL.map(|vendor| format!("{SANDBOX}{}", vendor.name())).iter().map(String::as_str),
    );
    item.may_hold(1, MOST_NODES);
    if let Some(vendor) = item.as_str().and_then(|text| text.strip_prefix(SANDBOX)) {
        return sandbox(item, vendor);
    }
    let items = if item.as_str().is_some() { vec![item] } else { item.items() };
    let urls: Option<Vec<_>> = items.iter().map(|item| url(*item)).collect();
    let urls = urls?;
    let mut seen = BTreeSet::new();
    let told = match urls.split_first() {
        None => Some("there is no node"),
        Some((first, rest)) if rest.iter().any(|url| url.path() != first.path()) => {
            Some("the nodes have different paths")
        }
        Some(_) if urls.len() > MOST_NODES => Some("there are more than 64 nodes"),
        Some(_) if !urls.iter().all(|url| seen.insert(url)) => Some("a node is there twice"),
        Some(_) => None,
    };
    if let Some(message) = told {
        let hint = "write url = [\"https://a.example\", \"https://b.example\"], all of one service";
        item.reader().report(item.mistake(NODES, message, "these nodes").with_hint(hint));
        return None;
    }
    Some(Target::Remote(urls))
}

fn url(item: Item<'_>) -> Option<Url> {
    let text = item.string_like(HTTP)?;
    let usable = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
            && is_base(url.path())
    };
    let url = parsed(text).filter(usable);
    if url.is_none() {
        item.hide();
        // The text is not repeated: a URL may hold a password.
        let diagnostic = item.mistake(URL, "this is not the URL of an upstream", "not usable");
        let hint = "write https://host or https://host/path, without user, query and fragment, \
                    or sandbox:<vendor>";
        item.reader().report(diagnostic.with_hint(hint));
    }
    url
}

/// Nothing, or a path; with a slash at its end or without.
fn is_base(path: &str) -> bool {
    let inner = path.strip_prefix('/').map(|path| path.strip_suffix('/').unwrap_or(path));
    inner.is_some_and(|inner| inner.is_empty() || is_plain_path(inner))
}

fn sandbox(item: Item<'_>, vendor: &str) -> Option<Target> {
    if Vendor::named(vendor).is_some() {
        let Named { file, span, .. } = named(item)?;
        return Some(Target::Sandbox(Named { name: vendor.to_owned(), file, span }));
    }
    let names = Vendor::ALL.map(Vendor::name);
    let hint = match did_you_mean(vendor, names) {
        Some(meant) => format!("did you mean `{SANDBOX}{meant}`?"),
        None => format!("there are: {}", names.join(", ")),
    };
    let message = format!("there is no sandbox `{vendor}`");
    item.reader().report(item.mistake(NO_SANDBOX, message, "not there").with_hint(hint));
    None
}

/// Whether a simulator begins with a few people.
fn demo(item: Item<'_>, target: &Option<Target>) -> Option<bool> {
    let demo = item.boolean()?;
    if demo && matches!(target, Some(Target::Remote(_))) {
        let message = "the people of a demonstration are for sandboxes only";
        let diagnostic = item.mistake(DEMO, message, "this upstream is a real one");
        let hint = "remove it, or write url = \"sandbox:<vendor>\"";
        item.reader().report(diagnostic.with_hint(hint));
    }
    Some(demo)
}

fn shown_in_tls(item: Item<'_>, target: &Option<Target>) {
    if matches!(target, Some(Target::Remote(urls)) if urls.iter().any(|url| url.scheme() != "https"))
    {
        let message = "a client certificate is shown in TLS, and this upstream's url is not https";
        let diagnostic = item.mistake(CLIENT_CERT, message, "it would never be shown");
        item.reader().report(diagnostic.with_hint("write url = \"https://…\""));
    }
}
