//! What is large is worked on beside the threads that serve everybody.

use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use scim_gateway::exchange::LARGE;
use serde_json::{Value as Json, json};
use tokio::runtime::{Builder, Runtime};

use crate::scripted::{Line, answer};

/// A runtime with one thread that serves everybody.
fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn group(bytes: usize) -> String {
    let member = |at: usize| json!({"value": format!("member-{at:08}")});
    let members: Vec<Json> = (0..bytes / 20).map(member).collect();
    json!({"id": "1", "displayName": "g", "members": members}).to_string()
}

/// Whether, while the exchange of a PATCH of that length is at work, another task of the runtime gets
/// on. The upstream's answer to its first call is `read`; the second is waited for by hand, which
/// stands for work that takes long.
fn others_get_on(sent: &str, read: &'static str) -> bool {
    let runtime = runtime();
    let (ask, asked) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel::<()>();
    let (ask, told) = (Mutex::new(ask), Mutex::new(told));
    let seen = Arc::new(Mutex::new(None));
    let noted = Arc::clone(&seen);
    let line = Line::new("scim", "scim", move |number, request| {
        if number == 0 && request.method == "GET" {
            return answer(200, &[("content-type", "application/json")], read);
        }
        let mut noted = noted.lock().unwrap();
        if noted.is_none() {
            ask.lock().unwrap().send(()).unwrap();
            let patience = Duration::from_secs(5);
            *noted = Some(told.lock().unwrap().recv_timeout(patience).is_ok());
        }
        answer(200, &[("content-type", "application/json")], read)
    });
    // Somebody else's task: it is asked for from outside the runtime, as a connection is.
    let handle = runtime.handle().clone();
    let other = std::thread::spawn(move || {
        asked.recv().unwrap();
        handle.spawn(async move { tell.send(()) });
    });
    let sent = sent.to_owned();
    let exchange = runtime.spawn(async move {
        line.send("PUT", "/Groups/1", &[("content-type", "application/json")], sent.as_bytes())
            .await
    });
    runtime.block_on(exchange).unwrap();
    other.join().unwrap();
    let got_on = seen.lock().unwrap().take();
    got_on.expect("the upstream was asked twice")
}

#[test]
fn what_is_large_holds_nobody_up() {
    let small: &'static str = Box::leak(group(200).into_boxed_str());
    let large: &'static str = Box::leak(group(LARGE * 2).into_boxed_str());
    let other = small.replace("member-00000001", "member-x");
    assert!(others_get_on(large, small), "a large body of a client");
    assert!(others_get_on(&other, large), "a large answer of an upstream");
    // The test sees what it is about: what is small is worked on in place.
    assert!(!others_get_on(&other, small), "a small exchange");
}
