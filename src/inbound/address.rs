//! The client's address, where a proxy may stand between.

use std::net::IpAddr;

use http::HeaderMap;
use http::header::{FORWARDED, HeaderName};
use pingora::proxy::Session;

use crate::config::Network;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address: the connection's, or where that is a trusted proxy's, the last one of those it names
/// that is none.
pub fn client_address(session: &Session, trusted: &[Network]) -> Option<IpAddr> {
    let mut client = session.client_addr()?.as_inet()?.ip().to_canonical();
    let known = |address| trusted.iter().any(|network| network.contains(address));
    if !known(client) {
        return Some(client);
    }
    for named in named(&session.req_header().headers).into_iter().rev() {
        if !known(client) {
            break;
        }
        // What is no address is nobody's: the last one that is known stays.
        let Some(address) = named else { break };
        client = address;
    }
    Some(client)
}

/// For whom proxies say that they ask, from the client on: `X-Forwarded-For`, else `Forwarded` (RFC 7239).
fn named(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let texts = |name: &HeaderName| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).collect::<Vec<_>>()
    };
    let simple = texts(&FORWARDED_FOR);
    if !simple.is_empty() {
        return simple.into_iter().map(|text| node(text.trim())).collect();
    }
    let part = |element: &str| {
        let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
        let mut pairs = pairs.map(|(name, value)| (name.trim(), value.trim()));
        let of = pairs.find(|(name, _)| name.eq_ignore_ascii_case("for"))?.1;
        node(of.trim_matches('"'))
    };
    texts(&FORWARDED).into_iter().map(part).collect()
}

/// An address, with its port or without.
fn node(text: &str) -> Option<IpAddr> {
    let plain = text.parse().ok();
    let bracketed = || text.strip_prefix('[')?.split_once(']')?.0.parse().ok();
    let with_port = || text.rsplit_once(':')?.0.parse::<std::net::Ipv4Addr>().ok().map(IpAddr::V4);
    plain.or_else(bracketed).or_else(with_port).map(|address: IpAddr| address.to_canonical())
}
