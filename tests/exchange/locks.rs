//! Exchanges that read before they write a resource go one after the other, and wait within bounds.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use scim_gateway::exchange::{Shared, Upstream, run};
use scim_gateway::fault::{Cause, Fault};
use scim_gateway::gateway::Gateway;
use scim_gateway::sandbox::{Options, Sandbox, Vendor};
use scim_gateway::scim::http::{Request, Response};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::harness::{DIALECTS, spec};

/// An upstream that lets others run before it answers, and one that answers as often as it may.
struct Slow {
    sandbox: Sandbox,
    calls: Mutex<Vec<String>>,
    turns: Semaphore,
}

#[async_trait]
impl Upstream for Slow {
    async fn call_by(&self, request: &Request, deadline: Instant) -> Result<Response, Fault> {
        self.calls.lock().unwrap().push(format!("{} {}", request.method, request.path));
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        self.turns.acquire().await.unwrap().forget();
        self.sandbox.call_by(request, deadline).await
    }
}

fn slow(turns: usize) -> Slow {
    Slow {
        sandbox: Sandbox::new(Vendor::Scim, Options::of(Vendor::Scim)),
        calls: Mutex::default(),
        turns: Semaphore::new(turns),
    }
}

fn patch(base: &str, id: &str, value: &str) -> Request {
    let mut request = Request::new(Method::PATCH, format!("{base}/Users/{id}"));
    let path = "emails[type eq \"work\"].value";
    let op = json!({"op": "replace", "path": path, "value": value});
    request.body = json!({"Operations": [op]}).to_string().into();
    request
}

#[tokio::test]
async fn changes_of_one_resource_queue_and_of_two_do_not() {
    let gateway = Gateway::new(vec![spec("scim", "scim")], &DIALECTS);
    let route = &gateway.routes()[0];
    let user = |name: &str| json!({"userName": name, "emails": [{"value": "a@a.example", "type": "work"}]});
    for (same, wanted) in
        [(true, ["GET", "write", "GET", "write"]), (false, ["GET", "GET", "write", "write"])]
    {
        let upstream = slow(100);
        let first = upstream.sandbox.seed(user("a"));
        let second = upstream.sandbox.seed(user("b"));
        let second = if same { &first } else { &second };
        let shared = Shared::default();
        let deadline = Instant::now() + Duration::from_secs(20);
        let one = run(
            route,
            patch(&route.client_base, &first, "1@a.example"),
            &upstream,
            &shared,
            deadline,
        );
        let two = run(
            route,
            patch(&route.client_base, second, "2@a.example"),
            &upstream,
            &shared,
            deadline,
        );
        let (one, two) = tokio::join!(one, two);
        assert_eq!((one.response.status.as_u16(), two.response.status.as_u16()), (200, 200));
        let calls = upstream.calls.lock().unwrap().clone();
        let kinds: Vec<&str> = calls
            .iter()
            .map(|call| if call.starts_with("GET") { "GET" } else { "write" })
            .collect();
        assert_eq!(kinds, wanted, "{calls:?}");
    }
}

#[tokio::test]
async fn who_waits_too_long_is_told_to_come_back() {
    let gateway = Gateway::new(vec![spec("scim", "scim")], &DIALECTS);
    let route = &gateway.routes()[0];
    let upstream = slow(0);
    let shared = Shared::default();
    let late = Instant::now() + Duration::from_secs(20);
    let first = run(route, patch(&route.client_base, "7", "1@a.example"), &upstream, &shared, late);
    let soon = Instant::now() + Duration::from_millis(20);
    let second =
        run(route, patch(&route.client_base, "7", "2@a.example"), &upstream, &shared, soon);
    tokio::select! {
        biased;
        _ = first => panic!("the upstream never answers"),
        outcome = second => {
            assert_eq!(outcome.response.status, 503);
            assert_eq!(outcome.response.headers["retry-after"], "1");
            assert_eq!(outcome.record.fault.map(|fault| fault.cause), Some(Cause::Busy));
            assert!(outcome.record.calls.is_empty());
        }
    }
    // The first is gone without an end, and so is its lock.
    upstream.turns.add_permits(9);
    let request = patch(&route.client_base, "7", "3@a.example");
    let outcome = run(route, request, &upstream, &shared, late).await;
    assert_eq!(outcome.response.status, 404);
}

// A provider changes a group's members one by one, and all of them at once.
#[tokio::test]
async fn a_hundred_changes_of_one_group_at_once_are_all_made() {
    for patches in [true, false] {
        let mut spec = spec("scim", "scim");
        if !patches {
            let mut dialect = (*spec.upstream).clone();
            dialect.resources.iter_mut().for_each(|resource| resource.patch = None);
            spec.upstream = std::sync::Arc::new(dialect);
        }
        let gateway = Gateway::new(vec![spec], &DIALECTS);
        let route = &gateway.routes()[0];
        let upstream = slow(1_000);
        let group = upstream.sandbox.seed_group(json!({"displayName": "All", "members": []}));
        let ids: Vec<String> = (0..100)
            .map(|number| upstream.sandbox.seed(json!({"userName": format!("u{number}")})))
            .collect();
        let shared = Shared::default();
        let deadline = Instant::now() + Duration::from_secs(20);
        let change = |id: &String| {
            let mut request =
                Request::new(Method::PATCH, format!("{}/Groups/{group}", route.client_base));
            let op = json!({"op": "add", "path": "members", "value": [{"value": id}]});
            request.body = json!({"Operations": [op]}).to_string().into();
            run(route, request, &upstream, &shared, deadline)
        };
        let mut changes: Vec<_> = ids.iter().map(|id| Box::pin(change(id))).collect();
        let mut statuses = Vec::new();
        std::future::poll_fn(|context| {
            changes.retain_mut(|one| match one.as_mut().poll(context) {
                std::task::Poll::Ready(outcome) => {
                    statuses.push(outcome.response.status.as_u16());
                    false
                }
                std::task::Poll::Pending => true,
            });
            match changes.is_empty() {
                true => std::task::Poll::Ready(()),
                false => std::task::Poll::Pending,
            }
        })
        .await;
        assert_eq!(statuses, [200; 100], "{patches}");
        let members = upstream.sandbox.groups()[0]["members"].as_array().map(Vec::len);
        assert_eq!(members, Some(100), "{patches}");
    }
}
