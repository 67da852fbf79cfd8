//! `tests/seeds.md`: every vendor's documented requests to every upstream, byte for byte.

use http::Method;
use scim_gateway::sandbox::Vendor;

use crate::harness::{Bench, POPULATION};
use crate::page::{Exchange, Outcome, exchanges, options};

/// A bench with the stored user, and that user's id.
fn bench(exchange: &Exchange) -> (Bench, String) {
    let bench = Bench::with(&exchange.client, &exchange.upstream, |spec, chosen| {
        spec.overlays = exchange.overlays();
        *chosen = options(Vendor::named(&exchange.upstream).expect("a vendor"));
        if exchange.upstream == "pingone" {
            spec.upstream_vars.insert("population".to_owned(), POPULATION.to_owned());
        }
    });
    let id = exchange.block("json stored").map(|stored| bench.store(stored));
    (bench, id.unwrap_or_default())
}

#[tokio::test]
async fn upstreams_receive_and_clients_get_what_the_page_says() {
    let mut wrong = Vec::new();
    for exchange in exchanges() {
        let (bench, id) = bench(&exchange);
        let before = bench.sandbox.requests().len();
        let asked = exchange.message("http client-request");
        let (method, path) = asked.head.split_once(' ').expect("method and path");
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let path = path.replace("{id}", &id);
        let answer = bench.send_bytes(method, &path, &asked.body.replace("{id}", &id)).await;

        let user = bench.sandbox.users().first().cloned().unwrap_or_default();
        let id = user["id"].as_str().map(str::to_owned).unwrap_or(id);
        wrong.extend(exchange.differences(&Outcome {
            received: bench.sandbox.requests().split_off(before),
            status: answer.response.status.as_u16(),
            body: String::from_utf8(answer.response.body.to_vec()).expect("UTF-8"),
            location: format!("https://gateway.example{}", bench.location(&id)),
            id,
        }));

        let request = answer.record.losses.iter().filter(|loss| loss.direction == "request");
        let mut lost: Vec<String> =
            request.map(|loss| format!("{}: {}", loss.place, loss.cause)).collect();
        let said = exchange.block("json lost").unwrap_or("[]");
        let mut said: Vec<String> = serde_json::from_str(said).expect("a list of losses");
        lost.sort();
        said.sort();
        if lost != said {
            let title = &exchange.title;
            wrong.push(format!("{title}: lost\n  expected {said:?}\n  was      {lost:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}
