//! What a service manager is told, and what an operator is told whose address is taken.

use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::running::{Gateway, Place, call, wait};

const QUIET: &str = "drain = \"1s\"\nlinger = \"1s\"\nwatch = false";
const PATIENCE: Duration = Duration::from_secs(60);

/// The manager's end of `$NOTIFY_SOCKET`.
struct Manager(UnixDatagram);

impl Manager {
    /// Waits for a message that holds a line; the message.
    fn hears(&self, line: &str) -> String {
        let mut buffer = [0; 4096];
        loop {
            let length = self.0.recv(&mut buffer).unwrap_or_else(|_| panic!("no {line}"));
            let told = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if told.lines().any(|told| told == line) {
                return told;
            }
        }
    }
}

fn start(place: &Place) -> (Manager, Gateway) {
    let socket = place.path("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_scim-gateway"));
    command.arg("run").arg("--config").arg(place.config());
    command.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "600000").env_remove("WATCHDOG_PID");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    (Manager(manager), Gateway::of(command.spawn().unwrap()))
}

#[test]
fn the_manager_is_told_of_readiness_life_reload_and_the_end() {
    let place = Place::new();
    place.write("config.toml", &place.text(QUIET, ""));
    let (manager, gateway) = start(&place);
    let ready = manager.hears("READY=1");
    assert!(ready.contains(&format!("MAINPID={}", gateway.id())), "{ready}");
    assert!(place.is_ready());
    manager.hears("WATCHDOG=1");
    manager.hears("WATCHDOG=1");
    gateway.signal("HUP");
    let reloading = manager.hears("RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    manager.hears("READY=1");
    // One that is refused is over, too.
    place.write("config.toml", "[");
    assert_eq!(place.reload().status, 422);
    manager.hears("RELOADING=1");
    manager.hears("READY=1");
    gateway.signal("TERM");
    manager.hears("STOPPING=1");
    assert_eq!(gateway.end(), Some(0));
}

#[test]
fn a_manager_that_is_gone_costs_nothing() {
    let place = Place::new();
    place.write("config.toml", &place.text(QUIET, ""));
    let (manager, gateway) = start(&place);
    manager.hears("READY=1");
    drop(manager);
    std::fs::remove_file(place.path("notify")).unwrap();
    assert_eq!(place.reload().status, 200);
    assert_eq!(call(place.client, "GET", "/a/scim/v2/Users", "").unwrap().status, 200);
    gateway.signal("TERM");
    assert_eq!(gateway.end(), Some(0));
}

// "Address already in use", for as long as the process before lingers.
#[test]
fn a_busy_address_says_which_key_who_may_hold_it_and_what_to_do() {
    for admin in [false, true] {
        let place = Place::new();
        place.write("config.toml", &place.text(QUIET, ""));
        let address = if admin { place.admin } else { place.client };
        let _holds = TcpListener::bind(address).unwrap();
        let mut gateway = place.spawn(&[]);
        wait("the end", || !gateway.is_running());
        assert_eq!(gateway.end(), Some(1));
        let log = place.log();
        let key = if admin { "([admin] listen)" } else { "([server] listen)" };
        for part in [&format!("cannot listen on {address}"), key, "linger", "--upgrade", "ss -ltnp"]
        {
            assert!(log.contains(part), "{part}: {log}");
        }
    }
}
