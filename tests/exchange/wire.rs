//! A gateway on a socket with one route per client dialect, before an upstream that writes bytes.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use scim_gateway::config::{Auth, Credential, Proof, Server};
use scim_gateway::gateway::Gateway;
use scim_gateway::inbound::{Callers, KeySets};
use scim_gateway::serve::{self, Edge, Handler, Live, RouteEntry};
use sha2::{Digest, Sha256};

use crate::harness::{DIALECTS, spec};
use crate::scripted::Watched;
use crate::sockets::{TOKEN, free_port, limits, remote, wait_for};

/// Serves `/<client>/scim` for every client before the upstream at the URL.
pub fn serve(clients: &[&str], upstream: &str, watched: &Watched) -> SocketAddr {
    let listen = free_port();
    let specs = clients.iter().map(|client| spec(client, "scim")).collect();
    let gateway = Gateway::new(specs, &DIALECTS);
    let shared = Arc::new(remote(upstream));
    let sha256 = Sha256::digest(TOKEN).into();
    let door = |client: &&str| {
        let proof = Proof::Bearer(sha256);
        let auth = Auth::Listed(vec![Credential { name: "tester".into(), proof }]);
        let callers = Arc::new(Callers::new(auth, &mut KeySets::default()).unwrap());
        (format!("/{client}/scim"), RouteEntry::new(callers, Handler::Translate(shared.clone())))
    };
    let doors: HashMap<_, _> = clients.iter().map(door).collect();
    let edge = Edge::new(gateway, doors, limits(), Arc::default());
    let live = Arc::new(Live::new(edge));
    let settings = Server {
        listen: vec![listen],
        tls: None,
        public_url: "http://127.0.0.1".into(),
        limits: limits(),
        running: Default::default(),
    };
    let observer = Arc::new(watched.clone());
    std::thread::spawn(move || serve::serve(&settings, live, observer, Arc::default()));
    wait_for(listen);
    listen
}
