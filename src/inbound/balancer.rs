//! For whom a load balancer connects: the header of the PROXY protocol, which begins its connections, in both
//! versions (haproxy.org, proxy-protocol.txt). Whose connections begin with it, and how long it may take, is not
//! known here.
//!
//! Nothing is read beyond the header: what follows is TLS or HTTP. What balancers add to the addresses is passed
//! over.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt};

/// What version 2 begins with.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// What version 1 begins with.
const WORD: &[u8] = b"PROXY ";
/// The longest line of version 1 with its end, in bytes.
const LINE: usize = 107;
/// The most that version 2 may have behind its fixed part, in bytes: addresses, and what is added to them.
const REST: usize = 4 << 10;

/// Why there is no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// The connection ended before its first byte: somebody looked whether there is a listener.
    Silent,
    /// What came is no header, or no whole one.
    Invalid,
}

/// Reads the header: the client that is connected for, `None` where the balancer says that it connects for itself or
/// does not know.
pub(super) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<Option<SocketAddr>, Broken> {
    let mut head = Vec::with_capacity(LINE);
    loop {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) if head.is_empty() => return Err(Broken::Silent),
            Err(_) => return Err(Broken::Invalid),
        }
        if head == SIGNATURE {
            return binary(stream).await;
        }
        let text = head.starts_with(WORD);
        if text && head.ends_with(b"\n") {
            return line(&head);
        }
        let begun = SIGNATURE.starts_with(&head) || WORD.starts_with(&head);
        let may_be = begun || (text && head.len() < LINE);
        if !may_be {
            return Err(Broken::Invalid);
        }
    }
}

/// Version 2, from behind its signature on (section 2.2).
async fn binary(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<SocketAddr>, Broken> {
    let mut fixed = [0; 4];
    stream.read_exact(&mut fixed).await.map_err(|_| Broken::Invalid)?;
    let [command, kind, high, low] = fixed;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > REST {
        return Err(Broken::Invalid);
    }
    let mut rest = vec![0; length];
    stream.read_exact(&mut rest).await.map_err(|_| Broken::Invalid)?;
    match (command, kind) {
        // LOCAL: whatever the rest says is to be ignored.
        (0x20, _) => Ok(None),
        (0x21, 0x11) => inet(&rest).map(Some).ok_or(Broken::Invalid),
        (0x21, 0x21) => inet6(&rest).map(Some).ok_or(Broken::Invalid),
        // Unspecified, datagrams and local sockets: nobody who could be a client here.
        (0x21, 0x00 | 0x12 | 0x22 | 0x31 | 0x32) => Ok(None),
        _ => Err(Broken::Invalid),
    }
}

fn inet(rest: &[u8]) -> Option<SocketAddr> {
    let &[a, b, c, d, _, _, _, _, high, low, _, _, ..] = rest else { return None };
    let port = u16::from_be_bytes([high, low]);
    Some(SocketAddr::from((Ipv4Addr::new(a, b, c, d), port)))
}

fn inet6(rest: &[u8]) -> Option<SocketAddr> {
    let (source, rest) = rest.split_first_chunk::<16>()?;
    let (_, rest) = rest.split_first_chunk::<16>()?;
    let &[high, low, _, _, ..] = rest else { return None };
    let port = u16::from_be_bytes([high, low]);
    Some(SocketAddr::from((Ipv6Addr::from(*source), port)))
}

/// Version 1 (section 2.1).
fn line(line: &[u8]) -> Result<Option<SocketAddr>, Broken> {
    let text = std::str::from_utf8(line).ok();
    let text = text.and_then(|text| text.strip_prefix("PROXY ")?.strip_suffix("\r\n"));
    let mut words = text.ok_or(Broken::Invalid)?.split(' ');
    let family = words.next();
    if family == Some("UNKNOWN") {
        return Ok(None);
    }
    let mut address = || words.next().and_then(|word| word.parse::<IpAddr>().ok());
    let addresses = (address(), address());
    let mut port = || words.next().and_then(port);
    let ports = (port(), port());
    match (family, addresses, ports, words.next()) {
        (
            Some("TCP4"),
            (Some(source @ IpAddr::V4(_)), Some(IpAddr::V4(_))),
            (Some(port), Some(_)),
            None,
        )
        | (
            Some("TCP6"),
            (Some(source @ IpAddr::V6(_)), Some(IpAddr::V6(_))),
            (Some(port), Some(_)),
            None,
        ) => Ok(Some(SocketAddr::new(source, port))),
        _ => Err(Broken::Invalid),
    }
}

fn port(word: &str) -> Option<u16> {
    word.bytes().all(|byte| byte.is_ascii_digit()).then(|| word.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::AsyncWriteExt;

    use super::*;

    /// What is read of these bytes, and what is left of them.
    fn of(bytes: &[u8]) -> (Result<Option<SocketAddr>, Broken>, usize) {
        let mut rest = bytes;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let read = runtime.block_on(read(&mut rest));
        (read, rest.len())
    }

    fn v2(command: u8, kind: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [SIGNATURE, &[command, kind], &length, rest].concat()
    }

    fn written(source: SocketAddr, binary: bool, more: &[u8]) -> Vec<u8> {
        let port = source.port();
        match (source.ip(), binary) {
            (IpAddr::V4(ip), true) => {
                let ends = [&ip.octets()[..], &[10, 0, 0, 1], &port.to_be_bytes(), &[1, 187]];
                v2(0x21, 0x11, &[&ends.concat(), more].concat())
            }
            (IpAddr::V6(ip), true) => {
                let ends = [&ip.octets()[..], &[7; 16], &port.to_be_bytes(), &[1, 187]];
                v2(0x21, 0x21, &[&ends.concat(), more].concat())
            }
            (IpAddr::V4(ip), false) => format!("PROXY TCP4 {ip} 10.0.0.1 {port} 443\r\n").into(),
            (IpAddr::V6(ip), false) => format!("PROXY TCP6 {ip} ::1 {port} 443\r\n").into(),
        }
    }

    #[test]
    fn who_is_nobody_is_told_from_what_is_no_header() {
        let inet = [192, 0, 2, 1, 10, 0, 0, 1, 1, 2, 3, 4];
        for (name, bytes) in [
            ("LOCAL", v2(0x20, 0x00, &[])),
            ("LOCAL with addresses", v2(0x20, 0x11, &inet)),
            ("LOCAL with a family and nothing of it", v2(0x20, 0x21, &[])),
            ("LOCAL of a family that is none", v2(0x20, 0xff, b"?")),
            ("unspecified", v2(0x21, 0x00, &[])),
            ("unspecified, with what is added", v2(0x21, 0x00, &[4, 0, 1, 0])),
            ("datagrams", v2(0x21, 0x12, &inet)),
            ("local sockets", v2(0x21, 0x31, &[0; 216])),
            ("UNKNOWN", b"PROXY UNKNOWN\r\n".to_vec()),
            ("UNKNOWN with words", b"PROXY UNKNOWN ffff::1 ::1 1 2\r\n".to_vec()),
        ] {
            assert_eq!(of(&[&bytes, &b"GET"[..]].concat()), (Ok(None), 3), "{name}");
        }
        for (name, bytes) in [
            ("a request", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
            ("TLS", vec![22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]),
            ("half a signature", SIGNATURE[..7].to_vec()),
            ("a signature alone", SIGNATURE.to_vec()),
            ("half an address", v2(0x21, 0x11, &inet[..11])),
            ("half an address of version 6", v2(0x21, 0x21, &[0; 35])),
            ("less than it says", v2(0x21, 0x11, &inet)[..20].to_vec()),
            ("another version", v2(0x31, 0x11, &inet)),
            ("another command", v2(0x22, 0x11, &inet)),
            ("another family", v2(0x21, 0x41, &inet)),
            ("a family without its transport", v2(0x21, 0x10, &inet)),
            ("more than is read", v2(0x21, 0x11, &[0; REST + 1])),
            ("lower case", b"proxy TCP4 192.0.2.1 10.0.0.1 1 2\r\n".to_vec()),
            ("no blank", b"PROXYTCP4 192.0.2.1 10.0.0.1 1 2\r\n".to_vec()),
            ("no CR", b"PROXY TCP4 192.0.2.1 10.0.0.1 1 2\n".to_vec()),
            ("no end", [b"PROXY UNKNOWN ", &[b'x'; LINE][..]].concat()),
            ("two blanks", b"PROXY TCP4  192.0.2.1 10.0.0.1 1 2\r\n".to_vec()),
            ("a family with others' addresses", b"PROXY TCP4 ::1 ::1 1 2\r\n".to_vec()),
            ("two families", b"PROXY TCP6 ::1 10.0.0.1 1 2\r\n".to_vec()),
            ("a word too much", b"PROXY TCP4 192.0.2.1 10.0.0.1 1 2 3\r\n".to_vec()),
            ("a word too few", b"PROXY TCP4 192.0.2.1 10.0.0.1 1\r\n".to_vec()),
            ("a port beyond", b"PROXY TCP4 192.0.2.1 10.0.0.1 1 65536\r\n".to_vec()),
            ("a port with a sign", b"PROXY TCP4 192.0.2.1 10.0.0.1 +1 2\r\n".to_vec()),
            ("a zone", b"PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n".to_vec()),
            ("no text", b"PROXY TCP4 \xff 10.0.0.1 1 2\r\n".to_vec()),
        ] {
            assert_eq!(of(&bytes).0, Err(Broken::Invalid), "{name}");
        }
        assert_eq!(of(b"").0, Err(Broken::Silent));
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_to_its_end_and_no_further(
            ip in any::<IpAddr>(), port in any::<u16>(), binary in any::<bool>(),
            more in prop::collection::vec(any::<u8>(), 0..600),
            rest in prop::collection::vec(any::<u8>(), 0..40), cut in any::<prop::sample::Index>(),
        ) {
            let source = SocketAddr::new(ip, port);
            let header = written(source, binary, &more);
            let whole = [&header[..], &rest].concat();
            prop_assert_eq!(of(&whole), (Ok(Some(source)), rest.len()));
            // What is cut off is no header.
            let cut = cut.index(header.len());
            prop_assert!(of(&header[..cut]).0.is_err());
            // In how many pieces it comes makes no difference.
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let pieces = runtime.block_on(async {
                let (mut near, mut far) = tokio::io::duplex(1);
                let read = async move { read(&mut far).await };
                tokio::join!(read, near.write_all(&header)).0
            });
            prop_assert_eq!(pieces, Ok(Some(source)));
        }

        #[test]
        fn whatever_comes_no_more_is_read_than_may_be(
            start in prop::sample::select(vec![&b""[..], SIGNATURE, WORD]),
            bytes in prop::collection::vec(any::<u8>(), 0..6000),
        ) {
            let whole = [start, &bytes].concat();
            let left = of(&whole).1;
            prop_assert!(whole.len() - left <= SIGNATURE.len() + 4 + REST);
        }
    }
}
