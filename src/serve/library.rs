//! Which messages are the HTTP library's own: they hold addresses and paths of requests.

/// What its targets begin with.
pub const LIBRARY: &str = "pingora";

/// The parts that are told apart.
const PARTS: [&str; 9] = [
    "pingora_core::services",
    "pingora_core::listeners",
    "pingora_core::protocols",
    "pingora_core::connectors",
    "pingora_core::server",
    "pingora_core::apps",
    "pingora_proxy",
    "pingora_pool",
    "pingora_load_balancing",
];

/// The part of the library that speaks under this target; `None` where it is somebody else.
pub fn library_part(target: &str) -> Option<&'static str> {
    if !target.starts_with(LIBRARY) {
        return None;
    }
    Some(PARTS.into_iter().find(|part| target.starts_with(part)).unwrap_or("other"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_the_library_are_told_apart_and_nobody_else_is_one() {
        let parts = [
            ("pingora_core::services::listening", Some("pingora_core::services")),
            ("pingora_proxy::proxy_h1", Some("pingora_proxy")),
            ("pingora_something_new", Some("other")),
            ("scim_gateway::ops::log", None),
            ("log", None),
        ];
        for (target, part) in parts {
            assert_eq!(library_part(target), part, "{target}");
        }
    }
}
