//! `tests/seeds.md`: every vendor's documented requests to every upstream, byte for byte.

use http::Method;

use crate::harness::{Bench, POPULATION};
use crate::page::{Exchange, Message, exchanges, filled, options};

/// A bench with the stored user, and that user's id.
fn bench(exchange: &Exchange) -> (Bench, Option<String>) {
    let bench = Bench::with(&exchange.client, &exchange.upstream, |spec, chosen| {
        spec.overlays = exchange.overlays();
        *chosen = options(chosen_vendor(&exchange.upstream));
        if exchange.upstream == "pingone" {
            spec.upstream_vars.insert("population".to_owned(), POPULATION.to_owned());
        }
    });
    let id = exchange.block("json stored").map(|stored| bench.store(stored));
    (bench, id)
}

fn chosen_vendor(name: &str) -> scim_gateway::sandbox::Vendor {
    scim_gateway::sandbox::Vendor::named(name).expect("a vendor")
}

#[tokio::test]
async fn upstreams_receive_and_clients_get_what_the_page_says() {
    let mut wrong = Vec::new();
    for exchange in exchanges() {
        let (bench, id) = bench(&exchange);
        let before = bench.sandbox.requests().len();
        let asked = exchange.message("http client-request");
        let (method, path) = asked.head.split_once(' ').expect("method and path");
        let id = id.unwrap_or_default();
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let path = path.replace("{id}", &id);
        let answer = bench.send_bytes(method, &path, &asked.body.replace("{id}", &id)).await;

        let id = match bench.sandbox.users().first() {
            Some(user) => user["id"].as_str().expect("an id").to_owned(),
            None => id,
        };
        let mut compare = |what: &str, expected: &Message, head: &str, body: &str| {
            let location = format!("https://gateway.example{}", bench.location(&id));
            let known = [("id", id.as_str()), ("location", location.as_str())];
            let wanted = filled(&expected.body, &known, body);
            let wanted_head = expected.head.replace("{id}", &id);
            if (wanted_head.as_str(), wanted.as_str()) != (head, body) {
                wrong.push(format!(
                    "{}: {what}\n  expected {wanted_head}\n  {wanted}\n  was      {head}\n  {body}",
                    exchange.title
                ));
            }
        };

        let received = bench.sandbox.requests();
        let (reads, writes): (Vec<_>, Vec<_>) =
            received[before..].iter().partition(|request| request.method == Method::GET);
        let text = |bytes: &bytes::Bytes| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        let (head, body) = match writes.as_slice() {
            [] => ("none".to_owned(), String::new()),
            [write] => (format!("{} {}", write.method, write.path), text(&write.body)),
            more => (format!("{} writes", more.len()), String::new()),
        };
        compare("upstream-request", &exchange.message("http upstream-request"), &head, &body);
        let status = answer.response.status.as_u16().to_string();
        let body = text(&answer.response.body);
        compare("client-answer", &exchange.message("http client-answer"), &status, &body);

        if asked.head.starts_with("POST") && !reads.is_empty() {
            wrong.push(format!("{}: a create read {} times", exchange.title, reads.len()));
        }
        let mut lost: Vec<String> = answer
            .record
            .losses
            .iter()
            .filter(|loss| loss.direction == "request")
            .map(|loss| format!("{}: {}", loss.place, loss.cause))
            .collect();
        let mut said: Vec<String> =
            serde_json::from_str(exchange.block("json lost").unwrap_or("[]"))
                .expect("a list of losses");
        lost.sort();
        said.sort();
        if lost != said {
            wrong.push(format!(
                "{}: lost\n  expected {said:?}\n  was      {lost:?}",
                exchange.title
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}
