//! `demo`: plays README.md's exchange over HTTP, on the shipped configuration.
//!
//! Request and answer are read from README.md itself, so what is printed there is what is tried.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::thread::{park_timeout, spawn};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use serde_json::Value as Json;

use super::document::pretty;
use super::output::{fail, say};
use crate::app::{load_all, serve_alone};
use crate::config::{Config, Surroundings};
use crate::diagnostic::Source;

const README: &str = include_str!("../../README.md");
const CONFIG: &str = include_str!("../../config.toml");
/// No folder: overlays are those inside the program.
const NOWHERE: &str = "/dev/null";

/// For the gateway to begin, and for the exchange.
const PATIENCE: Duration = Duration::from_secs(30);
/// Of the answer, in bytes.
const ANSWER: usize = 1 << 20;

/// A request as curl would make it.
#[derive(Debug, Default, PartialEq)]
struct Command {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// An answer, as README.md prints one.
#[derive(Debug)]
struct Answer {
    status: String,
    headers: HeaderMap,
    body: String,
}

pub(super) fn demo() -> ExitCode {
    match played() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => fail(&why),
    }
}

fn played() -> Result<(), String> {
    let (shown, printed) = (block("sh client-request")?, block("http client-answer")?);
    let command = command(&shown).ok_or("README.md's request is no curl command")?;
    let address = serve()?;
    say(&format!("# README.md's exchange; its gateway is http://{address} here\n{shown}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let asked = async { tokio::time::timeout(PATIENCE, ask(&command, address)).await };
    let answer = runtime.block_on(asked).map_err(|_| "there is no answer in time")??;
    let mut lines = vec![answer.status.clone()];
    let named = head(&printed).filter_map(|line| Some(line.split_once(": ")?.0));
    let known = named.filter_map(|name| Some((name, answer.headers.get(name)?.to_str().ok()?)));
    lines.extend(known.map(|(name, value)| format!("{name}: {value}")));
    lines.push(pretty(answer.body.as_bytes()));
    say(&lines.join("\n"));
    match differs(&answer, &printed) {
        None => say("\n# the answer is the one that README.md prints"),
        Some(what) => return Err(format!("{what} is not what README.md prints")),
    }
    Ok(())
}

/// The shipped configuration on a free port, in a thread of its own until the process ends; where it is.
fn serve() -> Result<SocketAddr, String> {
    let around = Surroundings { directory: Path::new(NOWHERE), env: &|_| None };
    let draft = Config::drafted(&Source::new("config.toml", CONFIG), &around);
    let loaded = load_all(draft).map_err(|found| found.text(false))?;
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let address = free.map_err(|error| format!("there is no free port: {error}"))?;
    spawn(move || serve_alone(loaded, address));
    let begin = Instant::now();
    while TcpStream::connect(address).is_err() {
        if begin.elapsed() > PATIENCE {
            return Err(format!("the gateway does not listen at {address}"));
        }
        park_timeout(Duration::from_millis(10));
    }
    Ok(address)
}

/// Sends the request to the gateway, whatever host it names.
async fn ask(command: &Command, address: SocketAddr) -> Result<Answer, String> {
    let path = command.url.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
    let path = path.map(|(_, path)| path).ok_or("README.md's request has no path")?;
    let uri = format!("http://{address}/{path}");
    let mut request = Request::builder().method(command.method.as_str()).uri(uri);
    for (name, value) in &command.headers {
        request = request.header(name, value);
    }
    let told = |error: &dyn std::error::Error| error.to_string();
    let body = Full::new(Bytes::from(command.body.clone()));
    let request = request.body(body).map_err(|error| told(&error))?;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let answer = client.request(request).await.map_err(|error| told(&error))?;
    let (parts, body) = answer.into_parts();
    let body = Limited::new(body, ANSWER).collect().await.map_err(|error| error.to_string())?;
    let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    Ok(Answer { status: parts.status.to_string(), headers: parts.headers, body })
}

/// What of the answer is not as printed: the status, a header that is printed, or the body but for its
/// blanks.
fn differs(answer: &Answer, printed: &str) -> Option<String> {
    let mut lines = head(printed);
    if lines.next() != Some(&answer.status) {
        return Some("the status".to_owned());
    }
    let is = |name: &str, value: &str| answer.headers.get(name).is_some_and(|there| there == value);
    let mut headers = lines.filter_map(|line| line.split_once(": "));
    if let Some((name, _)) = headers.find(|(name, value)| !is(name, value)) {
        return Some(name.to_owned());
    }
    let body = printed.find("\n{").and_then(|at| printed.get(at..)).unwrap_or_default();
    let json = |text: &str| serde_json::from_str::<Json>(text).ok().map(|json| json.to_string());
    (json(body) != json(&answer.body)).then(|| "the body".to_owned())
}

/// The lines before the body.
fn head(printed: &str) -> impl Iterator<Item = &str> {
    printed.lines().take_while(|line| !line.starts_with('{'))
}

/// The fenced block of README.md with these words after its fence.
fn block(words: &str) -> Result<String, String> {
    let mut inside = false;
    let mut text = String::new();
    for event in Parser::new(README) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => inside = *info == *words,
            Event::Text(part) if inside => text.push_str(&part),
            Event::End(TagEnd::CodeBlock) if inside => return Ok(text),
            _ => {}
        }
    }
    Err(format!("README.md has no block `{words}`"))
}

/// What a curl command asks for, of the options that README.md uses.
fn command(text: &str) -> Option<Command> {
    let mut words = words(text).into_iter();
    if words.next()? != "curl" {
        return None;
    }
    let mut command = Command::default();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-i" => {}
            "-X" => command.method = words.next()?,
            "-d" => command.body = words.next()?,
            "-H" => {
                let header = words.next()?;
                let (name, value) = header.split_once(": ")?;
                command.headers.push((name.to_owned(), value.to_owned()));
            }
            _ if command.url.is_empty() && !word.starts_with('-') => command.url = word,
            _ => return None,
        }
    }
    Some(command)
}

/// Words as a shell takes them: single quotes hold one together, a backslash continues a line.
pub(super) fn words(text: &str) -> Vec<String> {
    let text = text.replace("\\\n", " ");
    let parts = text.split('\'').enumerate();
    let words = parts.flat_map(|(at, part)| match at % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "200 OK\nA: b\n{\n  \"x\": 1\n}\n";

    fn answer(status: &str, header: &'static str, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert("a", http::HeaderValue::from_static(header));
        Answer { status: status.to_owned(), headers, body: body.to_owned() }
    }

    #[test]
    fn an_answer_is_the_printed_one_or_says_where_it_is_not() {
        let differs = |status, header, body| differs(&answer(status, header, body), PRINTED);
        assert_eq!(differs("200 OK", "b", "{\"x\":1}"), None);
        assert_eq!(differs("201 Created", "b", "{\"x\":1}").as_deref(), Some("the status"));
        assert_eq!(differs("200 OK", "c", "{\"x\":1}").as_deref(), Some("A"));
        assert_eq!(differs("200 OK", "b", "{\"x\":2}").as_deref(), Some("the body"));
        assert_eq!(differs("200 OK", "b", "{\"x\":1,\"y\":1}").as_deref(), Some("the body"));
        assert_eq!(differs("200 OK", "b", "").as_deref(), Some("the body"));
    }

    #[test]
    fn a_curl_command_is_read_as_a_shell_and_curl_would() {
        let read =
            command("curl -i -X PUT http://a/b \\\n  -H 'C: d e' -d '{\n \"f\": \"g h\"}'\n");
        let wanted = Command {
            method: "PUT".to_owned(),
            url: "http://a/b".to_owned(),
            headers: vec![("C".to_owned(), "d e".to_owned())],
            body: "{\n \"f\": \"g h\"}".to_owned(),
        };
        assert_eq!(read, Some(wanted));
        assert_eq!(command("curl --unknown http://a/b"), None);
        assert_eq!(command("wget http://a/b"), None);
    }
}
