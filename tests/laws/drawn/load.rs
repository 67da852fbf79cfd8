//! Drawn dialects, written as files and read by the loaders that `check` and `run` call.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method};
use scim_gateway::config::{self, Config};
use scim_gateway::diagnostic::{Mistakes, Severity};
use scim_gateway::dialect::Dialects;
use scim_gateway::exchange::{Outcome, Shared, Upstream, run};
use scim_gateway::gateway::{Gateway, Route, RouteSpec};
use scim_gateway::scim::http::Request;

use super::draft::Draft;
use super::tree::Tree;

/// What a drawn dialect is tried on: as the upstream of an identity provider, and as a client.
pub struct World {
    pub draft: Draft,
    pub dialects: Arc<Dialects>,
    up: RouteSpec,
    down: RouteSpec,
    own: RouteSpec,
    /// Compiled when first asked.
    routes: [OnceCell<Arc<Route>>; 5],
}

/// The routes that a dialect is tried on.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// `scim` to the dialect with its overlays.
    Up,
    /// The same, and nothing is asked of filters.
    Scanning,
    /// The same, and no PATCH is sent.
    Emulating,
    /// The dialect to `scim`.
    Down,
    /// The dialect to itself, without overlays.
    Own,
}

/// The drafts that the loaders accept, and what they say of the others.
pub fn load(drafts: Vec<Draft>) -> (Vec<World>, Vec<(Draft, String)>) {
    let mut drafts = drafts;
    let mut refused = Vec::new();
    loop {
        if drafts.is_empty() {
            return (Vec::new(), refused);
        }
        match attempt(&drafts) {
            Ok(worlds) => return (worlds, refused),
            Err(found) => {
                let mut guilty = BTreeSet::new();
                for diagnostic in &found.diagnostics {
                    let error = diagnostic.severity == Severity::Error;
                    for label in diagnostic.labels.iter().filter(|_| error) {
                        let name = drafts.iter().position(|draft| {
                            label.file.contains(&format!("/{}/", draft.name))
                                || label.file.contains(&format!("/{}-", draft.name))
                        });
                        guilty.extend(name.map(|at| (at, said(diagnostic))));
                    }
                }
                assert!(!guilty.is_empty(), "{:?}", found.diagnostics);
                let mut at = 0;
                drafts.retain(|draft| {
                    let why = guilty.iter().find(|(guilty, _)| *guilty == at);
                    at += 1;
                    refused.extend(why.map(|(_, why)| (draft.clone(), why.clone())));
                    why.is_none()
                });
            }
        }
    }
}

fn said(diagnostic: &scim_gateway::diagnostic::Diagnostic) -> String {
    let labels: Vec<_> = diagnostic.labels.iter().map(|label| label.text.as_str()).collect();
    format!("{} {}: {}", diagnostic.code.id, diagnostic.message, labels.join("; "))
}

fn attempt(drafts: &[Draft]) -> Result<Vec<World>, Mistakes> {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    std::fs::create_dir(at.join("rules")).expect("a folder");
    std::fs::write(at.join("token"), "token").expect("a file");
    let mut text = CONFIG.to_owned();
    for draft in drafts {
        write(draft, at);
        let overlays: Vec<_> = (0..draft.overlays.len())
            .map(|n| format!("\"rules/overlays/{}-{n}.toml\"", draft.name))
            .collect();
        let name = &draft.name;
        let _ = writeln!(
            text,
            "[upstream.{name}]\ndialect = \"{name}\"\nurl = \"https://{name}.example\"\n\
             auth = {{ bearer = {{ file = \"token\" }} }}"
        );
        for (prefix, client, upstream, overlays) in [
            ("up", "scim", name.as_str(), overlays.join(", ")),
            ("down", name.as_str(), "plain", String::new()),
            ("own", name.as_str(), name.as_str(), String::new()),
        ] {
            let _ = writeln!(
                text,
                "[[route]]\nprefix = \"/{name}/{prefix}\"\nclient = \"{client}\"\nupstream = \"{upstream}\"\n\
                 auth = \"none\"\nwaive = [\"active\", \"userName\"]\noverlays = [{overlays}]"
            );
        }
    }
    let file = at.join("config.toml");
    std::fs::write(&file, text).expect("a file");
    let config = Config::load(&file)?;
    let dialects = Arc::new(Dialects::with_directory(&at.join("rules"))?);
    let mut specs = config::specs(&config, &dialects)?.into_iter();
    let mut worlds = Vec::new();
    for draft in drafts {
        let mut next = || specs.next().expect("three routes");
        let (up, down, own) = (next(), next(), next());
        let (draft, dialects) = (draft.clone(), Arc::clone(&dialects));
        let routes = Default::default();
        worlds.push(World { draft, dialects, up, down, own, routes });
    }
    Ok(worlds)
}

const CONFIG: &str = "[server]\nlisten = [\"127.0.0.1:8080\"]\n[upstream.plain]\ndialect = \"scim\"\n\
                      url = \"sandbox:scim\"\nauth = { bearer = { literal = \"any\" } }\n";

fn write(draft: &Draft, at: &Path) {
    let folder = at.join("rules").join(&draft.name);
    let overlays = at.join("rules/overlays");
    for folder in [&folder, &overlays] {
        std::fs::create_dir_all(folder).expect("a folder");
    }
    let write = |path: &Path, text: String| std::fs::write(path, text).expect("a file");
    write(&folder.join("schema.toml"), draft.schema());
    if draft.group {
        write(&folder.join("user.toml"), "version = 1\n".to_owned());
        write(&folder.join("group.toml"), draft.rules());
    } else {
        write(&folder.join("user.toml"), draft.rules());
    }
    write(&folder.join("dialect.toml"), draft.surface());
    for n in 0..draft.overlays.len() {
        write(&overlays.join(format!("{}-{n}.toml", draft.name)), draft.overlay(n));
    }
}

/// A route of a world's, to be asked.
pub struct Asked {
    pub route: Arc<Route>,
    shared: Shared,
    people: &'static str,
}

impl World {
    pub fn route(&self, way: Way) -> Asked {
        let spec = match way {
            Way::Up | Way::Scanning | Way::Emulating => &self.up,
            Way::Down => &self.down,
            Way::Own => &self.own,
        };
        let compile = || {
            let mut spec = spec.clone();
            let mut upstream = spec.upstream.as_ref().clone();
            for resource in &mut upstream.resources {
                match way {
                    Way::Scanning => resource.filter.attributes.clear(),
                    Way::Emulating => resource.patch = None,
                    Way::Up | Way::Down | Way::Own => {}
                }
            }
            spec.upstream = Arc::new(upstream);
            Arc::clone(&Gateway::new(vec![spec], &self.dialects).routes()[0])
        };
        let people = match (spec.client.name == "scim", self.draft.group) {
            (true, false) => "Users",
            (true, true) => "Groups",
            (false, false) => "people",
            (false, true) => "teams",
        };
        let route = Arc::clone(self.routes[way as usize].get_or_init(compile));
        Asked { route, shared: Shared::default(), people }
    }
}

thread_local! {
    static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
}

/// An answer: its status, its tree, and what is counted of its exchange.
pub struct Told {
    pub status: u16,
    pub tree: Tree,
    pub outcome: Outcome,
}

impl Asked {
    /// Asks for people, or groups: below their path, in the client's words.
    pub fn ask(
        &self,
        upstream: &dyn Upstream,
        method: Method,
        below: &str,
        body: Option<&Tree>,
    ) -> Told {
        self.ask_at(upstream, method, &format!("{}{below}", self.people), body)
    }

    pub fn ask_at(
        &self,
        upstream: &dyn Upstream,
        method: Method,
        below: &str,
        body: Option<&Tree>,
    ) -> Told {
        let body = body.map(Tree::to_string).unwrap_or_default();
        let whole = format!("{}/{below}", self.route.client_base);
        let (path, query) = match whole.split_once('?') {
            Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
            None => (whole, None),
        };
        let mut headers = HeaderMap::new();
        if !body.is_empty() {
            headers.insert("content-type", "application/json".parse().expect("a header"));
        }
        let request = Request { method, path, query, headers, body: body.into() };
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        let asked = run(&self.route, request, upstream, &self.shared, deadline);
        let outcome = RUNTIME.with(|runtime| runtime.block_on(asked));
        let tree = Tree::read(&outcome.response.body).unwrap_or(Tree::Null);
        Told { status: outcome.response.status.as_u16(), tree, outcome }
    }
}

impl Told {
    /// What it says of the resource, without what is derived.
    pub fn user(&self) -> Tree {
        self.tree.clone().without(&["id", "schemas", "meta", "groups"])
    }

    pub fn why(&self) -> String {
        format!("{} {}", self.status, self.tree)
    }
}
