//! An upstream that keeps what it is told, word for word, and does what RFC 7644 says: for any schema.
//!
//! It shares no code with the engine and with the sandboxes.

use std::sync::Mutex;

use async_trait::async_trait;
use http::{Method, StatusCode};
use scim_gateway::exchange::Upstream;
use scim_gateway::fault::Fault;
use scim_gateway::scim::http::{Request, Response};
use tokio::time::Instant;

use super::asked::{Ask, Reading};
use super::draft::Attr;
use super::patching;
use super::tree::{Tree, object};

pub struct Server {
    pub attributes: Vec<Attr>,
    pub merges: bool,
    /// How values are unset, as `dialect.toml` says it.
    pub clear: &'static str,
    pub ignores_filters: bool,
    /// Which of the resources lists show without an id.
    pub unnamed: Option<usize>,
    pub reading: Reading,
    pub kept: Mutex<Vec<(String, Tree)>>,
    pub calls: Mutex<Vec<(Method, String, String)>>,
    /// Whether it showed one without an id.
    pub shown_unnamed: Mutex<bool>,
}

impl Server {
    pub fn new(attributes: &[Attr], merges: bool, clear: &'static str) -> Self {
        Self {
            attributes: attributes.to_vec(),
            merges,
            clear,
            ignores_filters: false,
            unnamed: None,
            reading: Reading::Upstream,
            kept: Mutex::default(),
            calls: Mutex::default(),
            shown_unnamed: Mutex::default(),
        }
    }

    /// Stores a resource and tells its id.
    pub fn seed(&self, tree: Tree) -> String {
        let mut kept = self.kept.lock().unwrap();
        let id = format!("i{}", kept.len() + 1);
        kept.push((id.clone(), tree));
        id
    }

    pub fn stored(&self, id: &str) -> Option<Tree> {
        let kept = self.kept.lock().unwrap();
        kept.iter().find(|(there, _)| there == id).map(|(_, tree)| tree.clone())
    }

    /// The methods and targets of all calls but reads.
    pub fn writes(&self) -> Vec<String> {
        let calls = self.calls.lock().unwrap();
        let writes = calls.iter().filter(|(method, ..)| *method != Method::GET);
        writes.map(|(method, path, body)| format!("{method} {path} {body}")).collect()
    }

    fn answer(&self, request: &Request) -> (u16, Tree) {
        let path = request.path.trim_start_matches('/');
        let collection =
            ["/people", "/Users", "/teams", "/Groups"].iter().find_map(|of| path.split_once(of));
        let Some((_, below)) = collection else { return error(404) };
        let id = below.trim_start_matches('/');
        let body = Tree::read(&request.body);
        if id.is_empty() {
            return match (&request.method, body) {
                (&Method::POST, Some(body)) => self.create(body),
                (&Method::GET, _) => self.list(request.query.as_deref().unwrap_or_default()),
                _ => error(400),
            };
        }
        let mut kept = self.kept.lock().unwrap();
        let Some(at) = kept.iter().position(|(there, _)| there == id) else { return error(404) };
        let old = kept[at].1.clone();
        let new = match (&request.method, body) {
            (&Method::GET, _) => return (200, self.shown(id, &old)),
            (&Method::DELETE, _) => {
                kept.remove(at);
                return (204, Tree::Null);
            }
            (&Method::PUT, Some(body)) => self.replaced(&old, &body),
            (&Method::PATCH, Some(body)) => {
                match patching::patched(&old, &body, &self.attributes) {
                    Some(new) => new,
                    None => return error(400),
                }
            }
            _ => return error(400),
        };
        kept[at].1 = new.clone();
        (200, self.shown(id, &new))
    }

    fn create(&self, body: Tree) -> (u16, Tree) {
        let id = self.seed(self.unset(&body.without(&["id", "schemas", "meta"])));
        let made = self.stored(&id).unwrap_or(Tree::Null);
        (201, self.shown(&id, &made))
    }

    /// What a PUT leaves: what is not said goes, but for what only the server writes or never shows.
    fn replaced(&self, old: &Tree, body: &Tree) -> Tree {
        let body = body.clone().without(&["id", "schemas", "meta"]);
        let mut new = self.unset(&body);
        for (name, value) in old.members() {
            let attr = self.attributes.iter().find(|a| a.name.eq_ignore_ascii_case(name));
            let its_own = attr.is_some_and(|a| !a.is_writable() || a.returned == "never");
            let stays = self.merges || self.clear == "no";
            let kept = its_own && attr.is_some_and(|a| !a.is_writable());
            if kept || (its_own || stays) && body.get(name).is_none() {
                new.set(name, value.clone());
            }
        }
        new
    }

    /// Without what says that there is no value.
    fn unset(&self, tree: &Tree) -> Tree {
        let Tree::Object(members) = tree else { return tree.clone() };
        let empty = |value: &Tree| match value {
            Tree::Null => true,
            Tree::Text(text) => self.clear == "empty" && text.is_empty(),
            Tree::Array(elements) => elements.is_empty(),
            _ => false,
        };
        let said = members.iter().filter(|(_, value)| !empty(value));
        Tree::Object(said.map(|(name, value)| (name.clone(), self.unset(value))).collect())
    }

    fn shown(&self, id: &str, tree: &Tree) -> Tree {
        let hidden = |attr: &&Attr| ["never", "request"].contains(&attr.returned);
        let names: Vec<_> =
            self.attributes.iter().filter(hidden).map(|a| a.name.as_str()).collect();
        let mut shown = object([("id", Tree::text(id))]);
        if let (Tree::Object(to), Tree::Object(from)) = (&mut shown, tree.clone().without(&names)) {
            to.extend(from);
        }
        shown
    }

    fn list(&self, query: &str) -> (u16, Tree) {
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect();
        let given = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, v)| v.as_str());
        let ask = match given("filter").filter(|_| !self.ignores_filters) {
            Some(text) => match Ask::read(text) {
                Some(ask) => Some(ask),
                None => return error(400),
            },
            None => None,
        };
        let number = |name, or| given(name).and_then(|n| n.parse().ok()).unwrap_or(or);
        let (start, count): (usize, usize) = (number("startIndex", 1).max(1), number("count", 50));
        let kept = self.kept.lock().unwrap();
        let holds = |tree: &Tree| {
            ask.as_ref().is_none_or(|ask| ask.holds(tree, &self.attributes, self.reading))
        };
        let found: Vec<_> = kept.iter().filter(|(_, tree)| holds(tree)).collect();
        let page = found.iter().skip(start - 1).take(count.min(50));
        let unnamed = self.unnamed.and_then(|at| Some(kept.get(at)?.0.clone()));
        let page: Vec<_> = page
            .map(|(id, tree)| match unnamed.as_ref() == Some(id) {
                false => self.shown(id, tree),
                true => {
                    *self.shown_unnamed.lock().unwrap() = true;
                    self.shown(id, tree).without(&["id"])
                }
            })
            .collect();
        let list = object([
            ("schemas", Tree::Array(vec![Tree::text(LIST)])),
            ("totalResults", Tree::number(found.len())),
            ("startIndex", Tree::number(start)),
            ("itemsPerPage", Tree::number(page.len())),
            ("Resources", Tree::Array(page)),
        ]);
        (200, list)
    }
}

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

fn error(status: u16) -> (u16, Tree) {
    (status, object([("code", Tree::text("WRONG")), ("message", Tree::text("refused"))]))
}

#[async_trait]
impl Upstream for Server {
    async fn call_by(&self, request: &Request, _: Instant) -> Result<Response, Fault> {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let query = request.query.as_deref().map(|q| format!("?{q}")).unwrap_or_default();
        let call = (request.method.clone(), format!("{}{query}", request.path), body);
        self.calls.lock().unwrap().push(call);
        let (status, tree) = self.answer(request);
        let mut response = Response::new(StatusCode::from_u16(status).unwrap());
        if status != 204 {
            response.headers.insert("content-type", "application/json".parse().unwrap());
            response.body = tree.to_string().into();
        }
        Ok(response)
    }
}
