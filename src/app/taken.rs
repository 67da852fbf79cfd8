//! Why an address or a socket cannot be listened on, in words: which key says it, who may hold it, what to do.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::path::Path;

/// `key` is where the configuration, or the command line, says the address.
pub fn address_taken(key: &str, address: SocketAddr, error: &Error) -> String {
    let port = address.port();
    let hint = match error.kind() {
        ErrorKind::AddrInUse => held(&format!("ss -ltnp 'sport = :{port}'"), "address"),
        ErrorKind::AddrNotAvailable => {
            "no interface of this machine has it: write one of `ip addr`, or 0.0.0.0 or [::] for all"
                .to_owned()
        }
        ErrorKind::PermissionDenied => {
            "a port below 1024 needs CAP_NET_BIND_SERVICE: grant it, or take a higher port".to_owned()
        }
        _ => String::new(),
    };
    told(&address.to_string(), key, error, &hint)
}

/// The same of a Unix socket.
pub(super) fn socket_taken(key: &str, path: &Path, error: &Error) -> String {
    let name = path.display().to_string();
    let hint = match error.kind() {
        ErrorKind::AddrInUse => held(&format!("ss -lxp src {name}"), "path"),
        ErrorKind::PermissionDenied => "let this process make files in its folder".to_owned(),
        ErrorKind::IsADirectory => "write the path of a socket, which is made there".to_owned(),
        _ => String::new(),
    };
    told(&name, key, error, &hint)
}

/// Who may have it; `names` is the command that says it, `other` what to write in its place.
fn held(names: &str, other: &str) -> String {
    format!(
        "another process has it (`{names}` names it). It may be a gateway that was \
         told to end: its connections get `linger` and `drain` of [server], 35 s by default; wait for \
         it. To take over from one that serves, run with --upgrade. Else end that process, or \
         write another {other}"
    )
}

fn told(what: &str, key: &str, error: &Error, hint: &str) -> String {
    let what = format!("cannot listen on {what} ({key}): {error}");
    if hint.is_empty() { what } else { format!("{what}\n  Help: {hint}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_says_the_key_and_what_to_do() {
        let address = "127.0.0.1:8443".parse().unwrap();
        for (kind, part) in [
            (ErrorKind::AddrInUse, "--upgrade"),
            (ErrorKind::AddrNotAvailable, "no interface"),
            (ErrorKind::PermissionDenied, "CAP_NET_BIND_SERVICE"),
        ] {
            let told = address_taken("[admin] listen", address, &kind.into());
            assert!(
                told.contains("127.0.0.1:8443 ([admin] listen)") && told.contains(part),
                "{told}"
            );
        }
        let other = address_taken("[admin] listen", address, &ErrorKind::OutOfMemory.into());
        assert!(!other.contains("Help"), "{other}");
    }
}
