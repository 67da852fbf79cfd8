//! The Markdown files for people: their links, file names, commands and examples are true.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method};
use pulldown_cmark::{CodeBlockKind, Event, Options as Extensions, Parser, Tag, TagEnd};
use scim_gateway::config::{self, Config};
use scim_gateway::diagnostic::Source;
use scim_gateway::dialect::Dialects;
use scim_gateway::dialect::{Paging, Put, Resource};
use scim_gateway::exchange::{Outcome, Shared, run};
use scim_gateway::gateway::{Gateway, Route};
use scim_gateway::sandbox::{Options, Sandbox, Vendor};
use scim_gateway::scim::http::Request;
use serde_json::{Value as Json, json};

/// A fenced block: the words after the fence, and the text.
pub struct Block {
    pub info: String,
    pub text: String,
}

pub struct Page {
    name: String,
    text: String,
}

impl Page {
    pub fn read(name: &str) -> Self {
        let text = std::fs::read_to_string(root().join(name)).unwrap();
        Self { name: name.to_owned(), text }
    }

    fn events(&self) -> impl Iterator<Item = Event<'_>> {
        Parser::new_ext(&self.text, Extensions::ENABLE_TABLES)
    }

    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut open: Option<Block> = None;
        for event in self.events() {
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                    open = Some(Block { info: info.into_string(), text: String::new() });
                }
                Event::Text(text) => {
                    open.iter_mut().for_each(|block| block.text.push_str(&text));
                }
                Event::End(TagEnd::CodeBlock) => blocks.extend(open.take()),
                _ => {}
            }
        }
        blocks
    }

    fn block(&self, info: &str) -> String {
        let all = self.blocks();
        let mut found = all.into_iter().filter(|block| block.info == info);
        let block = found.next().unwrap_or_else(|| panic!("{} has no {info}", self.name));
        assert!(found.next().is_none(), "{} has {info} twice", self.name);
        block.text
    }

    /// What stands between backticks in running text and tables.
    fn code(&self) -> Vec<String> {
        let code =
            |event| if let Event::Code(text) = event { Some(text.into_string()) } else { None };
        self.events().filter_map(code).collect()
    }

    fn links(&self) -> Vec<String> {
        let link = |event| match event {
            Event::Start(Tag::Link { dest_url, .. }) => Some(dest_url.into_string()),
            _ => None,
        };
        self.events().filter_map(link).collect()
    }

    fn anchors(&self) -> BTreeSet<String> {
        let headings = self.text.lines().filter(|line| line.starts_with('#'));
        headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
    }
}

/// A heading's anchor as forges make it.
fn anchor(heading: &str) -> String {
    let lower = heading.to_lowercase();
    let kept = lower.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Vec<Page> {
    let mut names: Vec<String> = Vec::new();
    for folder in ["", "docs"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md") {
                names.push(path.strip_prefix(root()).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    names.sort();
    for own in ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "README.md", "docs/rules.md"]
    {
        assert!(names.iter().any(|name| name == own), "{own}");
    }
    names.iter().map(|name| Page::read(name)).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut broken = Vec::new();
    for page in pages() {
        for link in page.links().iter().filter(|link| !link.contains("://")) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let folder = root().join(&page.name).parent().map(Path::to_owned).unwrap();
            let target = if file.is_empty() { root().join(&page.name) } else { folder.join(file) };
            let there = target.exists()
                && (heading.is_empty() || {
                    let name = target.to_string_lossy().into_owned();
                    Page { text: std::fs::read_to_string(&target).unwrap(), name }
                        .anchors()
                        .contains(heading)
                });
            if !there {
                broken.push(format!("{}: {link}", page.name));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn file_names_are_true() {
    let folders = ["src/", "tests/", "rules/", "benches/", "docs/", ".ci/"];
    let mut wrong = Vec::new();
    let written = ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"];
    let in_docs = ["dialects", "laws", "privacy", "promises", "rules", "semantics", "threat-model"];
    let in_docs = in_docs.map(|name| format!("docs/{name}.md"));
    for name in written.into_iter().chain(in_docs.iter().map(String::as_str)) {
        for code in Page::read(name).code() {
            let names_file = folders.iter().any(|folder| code.starts_with(folder))
                && !code.contains(['<', '*', ' ', '…']);
            if names_file && !root().join(&code).exists() {
                wrong.push(format!("{name}: {code}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The last cells of the tables whose last column names what fails where a row is no longer true.
fn held_by(page: &Page) -> Vec<&str> {
    let mut cells = Vec::new();
    let mut named = false;
    for line in page.text.lines() {
        let cell = line.trim_end_matches([' ', '|']).rsplit('|').next().unwrap().trim();
        match line.starts_with('|') {
            true if named && !cell.starts_with("--") => cells.push(cell),
            true => named |= ["held by", "test"].contains(&cell),
            false => named = false,
        }
    }
    cells
}

#[test]
fn each_claim_names_a_test_that_is_there() {
    for (name, least) in [
        ("ARCHITECTURE.md", 8),
        ("docs/laws.md", 40),
        ("docs/privacy.md", 10),
        ("docs/semantics.md", 8),
        ("docs/threat-model.md", 40),
    ] {
        let page = Page::read(name);
        let cells = held_by(&page);
        assert!(cells.len() >= least, "{name}: {cells:?}");
        for cell in cells {
            let (mut file, mut rust, mut tests) = (String::new(), false, 0);
            // A file, then names in it; then another file.
            for word in cell.split('`').skip(1).step_by(2) {
                if root().join(word).is_file() {
                    file = std::fs::read_to_string(root().join(word)).unwrap();
                    rust = word.ends_with(".rs");
                    continue;
                }
                let sought = if rust { format!("fn {word}(") } else { word.to_owned() };
                assert!(file.contains(&sought), "{name}: {word} is not in its file: {cell}");
                tests += 1;
            }
            assert!(tests > 0, "{name}: no test: {cell}");
        }
    }
}

#[test]
fn commands_are_in_the_makefile() {
    let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
    for page in pages() {
        let blocks = page.blocks();
        let shell = blocks.iter().filter(|block| block.info == "sh");
        let lines = shell.flat_map(|block| block.text.lines());
        let code = page.code();
        let all = lines.chain(code.iter().map(String::as_str));
        for target in all.filter_map(|line| line.strip_prefix("make ")) {
            let target = target.split_whitespace().next().unwrap();
            assert!(makefile.contains(&format!("\n{target}:")), "{}: make {target}", page.name);
        }
    }
    let readme = Page::read("README.md");
    let shell: String = readme.blocks().into_iter().map(|block| block.text).collect();
    assert!(shell.contains("make run") && shell.contains("make test"));
}

#[test]
fn the_programs_commands_do_what_they_are_shown_for() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(root().join("config.toml"), folder.path().join("config.toml")).unwrap();
    let user = json!({ "userName": "ann@corp.example", "displayName": "Ann Lee" });
    std::fs::write(folder.path().join("user.json"), user.to_string()).unwrap();
    let blocks = Page::read("README.md").blocks();
    let shell = blocks.iter().filter(|block| block.info == "sh");
    let lines = shell.flat_map(|block| block.text.lines());
    let mut ran = 0;
    for line in lines.filter_map(|line| line.strip_prefix("scim-gateway ")) {
        let program = std::process::Command::new(env!("CARGO_BIN_EXE_scim-gateway"))
            .args(words(line))
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(program.status.success(), "{line}: {}", String::from_utf8_lossy(&program.stderr));
        assert!(!program.stdout.is_empty(), "{line}");
        ran += 1;
    }
    assert_eq!(ran, 4);
}

/// Words as a shell takes them: single quotes hold one together, `#` begins a comment.
fn words(line: &str) -> Vec<String> {
    let line = line.split(" #").next().unwrap_or_default();
    let parts = line.split('\'').enumerate();
    let words = parts.flat_map(|(at, part)| match at % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    words.collect()
}

/// Every TOML block says what reads it: `config`, `overlay`, `file=<path>` (written to a folder) or
/// `from=<path>` (an excerpt).
#[test]
fn toml_blocks_are_read_by_the_real_readers() {
    let dialects = Dialects::embedded().unwrap();
    let mut overlays = 0;
    for page in pages() {
        for Block { info, text } in page.blocks() {
            let Some(kind) = info.strip_prefix("toml") else { continue };
            match kind.trim() {
                "config" => drop(configured(&page.name, &text)),
                "overlay" => {
                    let (overlay, mistakes) = dialects.overlay(&Source::new("docs", &*text));
                    assert!(mistakes.is_empty(), "{}: {text}\n{mistakes:#?}", page.name);
                    let rules = overlay.rules;
                    assert!(rules.maps.len() + rules.sets.len() + rules.fills.len() > 0, "{text}");
                    overlays += 1;
                }
                kind if kind.starts_with("file=") => {}
                kind if kind.starts_with("from=") => {
                    let file = kind.trim_start_matches("from=");
                    let there = std::fs::read_to_string(root().join(file)).unwrap();
                    assert!(there.contains(&text), "{}: {file} lacks\n{text}", page.name);
                }
                other => panic!("{}: what reads `{other}`?\n{text}", page.name),
            }
        }
    }
    assert!(overlays >= 8, "{overlays}");
}

/// Reads a configuration of the documentation, in a folder with the files that it names.
fn configured(page: &str, text: &str) -> Vec<Arc<Route>> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("upstream.token"), "a-token").unwrap();
    let tiny = write_files(folder.path());
    let read = || {
        let env = |_: &str| None;
        let around = config::Surroundings { directory: folder.path(), env: &env };
        let config = Config::read(&Source::new(page, text), &around)?;
        let dialects = match &config.rules {
            Some(directory) => Dialects::with_directory(directory)?,
            None => Dialects::embedded()?,
        };
        let specs = config::specs(&config, &dialects)?;
        Ok::<_, scim_gateway::diagnostic::Mistakes>(Gateway::new(specs, &dialects))
    };
    let gateway = read().unwrap_or_else(|found| panic!("{page}:\n{}", found.text(false)));
    assert!(tiny >= 3 && !gateway.routes().is_empty(), "{page}");
    gateway.routes().to_vec()
}

/// Writes the files that CONTRIBUTING.md shows; how many there are.
fn write_files(folder: &Path) -> usize {
    let blocks = Page::read("CONTRIBUTING.md").blocks();
    let files: Vec<(PathBuf, &Block)> = blocks
        .iter()
        .filter_map(|block| Some((block.info.split_once("file=")?.1, block)))
        .map(|(file, block)| (folder.join(file), block))
        .collect();
    for (file, block) in &files {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, &block.text).unwrap();
    }
    files.len()
}

/// `METHOD path` or a status, headers, then a body from the first line that begins with `{`.
fn message(text: &str) -> (String, Vec<String>, Option<Json>) {
    let at = text.find("\n{").map_or(text.len(), |at| at + 1);
    let (head, body) = text.split_at(at);
    let mut lines = head.lines().map(str::to_owned).filter(|line| !line.is_empty());
    let first = lines.next().unwrap();
    (first, lines.collect(), (!body.is_empty()).then(|| serde_json::from_str(body).unwrap()))
}

async fn send(route: &Route, sandbox: &Sandbox, line: &str, body: Option<&Json>) -> Outcome {
    let (method, path) = line.split_once(' ').unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/json".parse().unwrap());
    let request = Request {
        method: method.parse::<Method>().unwrap(),
        path: path.to_owned(),
        query: None,
        headers,
        body: body.map(Json::to_string).unwrap_or_default().into(),
    };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    run(route, request, sandbox, &Shared::default(), deadline).await
}

/// A curl command of README.md as `METHOD path`, and its body.
fn curl(text: &str) -> (String, Json) {
    let words = words(&text.replace("\\\n", " "));
    let after = |option: &str| {
        let at = words.iter().position(|word| word == option).unwrap();
        words[at + 1].clone()
    };
    let json = "Content-Type: application/json";
    assert!(words.iter().any(|word| word == json), "curl says another type by itself: {words:?}");
    let url = words.iter().find(|word| word.starts_with("http://")).unwrap();
    let path = url.splitn(4, '/').nth(3).unwrap();
    (format!("{} /{path}", after("-X")), serde_json::from_str(&after("-d")).unwrap())
}

// The sandbox that `run` serves has the person that README.md shows.
#[tokio::test]
async fn the_readmes_exchange_is_what_happens() {
    let readme = Page::read("README.md");
    let text = std::fs::read_to_string(root().join("config.toml")).unwrap();
    let routes = configured("config.toml", &text);
    let (request, body) = curl(&readme.block("sh client-request"));
    let path = request.split_once(' ').unwrap().1;
    let route = routes.iter().find(|route| path.starts_with(&route.client_base)).unwrap();
    let sandbox = Sandbox::with_people(Vendor::PingOne);
    let stored: Json = serde_json::from_str(&readme.block("json stored")).unwrap();
    let mut there = sandbox.users()[0].clone();
    let derived = ["id", "meta", "schemas"];
    there.as_object_mut().unwrap().retain(|name, _| !derived.contains(&name.as_str()));
    assert_eq!(there, stored);
    let outcome = send(route, &sandbox, &request, Some(&body)).await;

    let (sent, _, body) = message(&readme.block("http upstream-request"));
    let last = sandbox.requests().pop().unwrap();
    assert_eq!(format!("{} {}", last.method, last.path), sent);
    assert_eq!(String::from_utf8_lossy(&last.body), body.unwrap().to_string());
    assert_eq!(sandbox.foreign(), [] as [&str; 0]);

    let (status, headers, body) = message(&readme.block("http client-answer"));
    assert_eq!(outcome.response.status.to_string(), status);
    for line in &headers {
        let (name, value) = line.split_once(": ").unwrap();
        assert_eq!(outcome.response.headers.get(name).unwrap().to_str().unwrap(), value, "{name}");
    }
    assert_eq!(String::from_utf8_lossy(&outcome.response.body), body.unwrap().to_string());
}

#[tokio::test]
async fn the_dialect_of_the_contributors_page_works() {
    let page = Page::read("CONTRIBUTING.md");
    let routes = configured("CONTRIBUTING.md", &page.block("toml config"));
    let route = routes.iter().find(|route| route.spec.client.name == "tiny").unwrap();
    let sandbox = Sandbox::new(Vendor::Scim, Options::of(Vendor::Scim));
    let (request, _, body) = message(&page.block("http client-request"));
    let made = send(route, &sandbox, &request, body.as_ref()).await;
    let (status, _, body) = message(&page.block("http client-answer"));
    assert_eq!(made.response.status.to_string(), status, "{:?}", made.record.fault);
    assert_eq!(String::from_utf8_lossy(&made.response.body), body.unwrap().to_string());
    assert_eq!(sandbox.foreign(), [] as [&str; 0]);
}

#[test]
fn the_readmes_table_says_what_the_dialects_declare() {
    let dialects = Dialects::embedded().unwrap();
    let rows = dialects.names().filter_map(|name| {
        let dialect = dialects.named(name)?;
        let user = dialect.resources.iter().find(|r| r.schema.resource == "User")?;
        Some(format!("| `{name}` | {} | {} |", dialect.title, facts(user)))
    });
    let rows: Vec<String> = rows.collect();
    let readme = Page::read("README.md").text;
    let missing: Vec<_> = rows.iter().filter(|row| !readme.contains(*row)).collect();
    assert!(missing.is_empty(), "README.md lacks {missing:#?}");
}

fn facts(user: &Resource) -> String {
    let put = match user.put {
        Put::Replace => "replaces",
        Put::Merge => "merges",
    };
    let patch = match &user.patch {
        None => "none".to_owned(),
        Some(forms) if forms.value_paths => "all of RFC 7644".to_owned(),
        Some(forms) => format!("{} paths", forms.paths.len()),
    };
    let filters: Vec<String> = user
        .filter
        .attributes
        .iter()
        .map(|attribute| match attribute.path.as_str() {
            "*" => "any attribute".to_owned(),
            path => format!("`{path}`"),
        })
        .collect();
    let filters = if filters.is_empty() { "none".to_owned() } else { filters.join(", ") };
    let most = user.list.max_count;
    let list = match user.list.paging {
        Paging::Index => format!("pages of {most}"),
        Paging::Cursor => format!("pages of {most}, by cursor"),
        Paging::Capped => format!("one page of {most}"),
    };
    format!("{put} | {patch} | {filters} | {list}")
}
