//! Settings that a newer version reads otherwise, and which of them a configuration has.

use toml::{Table, Value};

/// Versions that came before this one, oldest first.
pub const RELEASES: [&str; 1] = ["0.1.0"];

/// A default, or a word's meaning, that is not what it was. All texts are Markdown, for the changelog.
#[derive(Debug)]
pub struct Moved {
    /// The first version that reads it so.
    pub since: &'static str,
    pub key: &'static str,
    pub was: &'static str,
    pub is: &'static str,
    /// How to have it as before.
    pub before: &'static str,
    reads: Reads,
    /// Places in the configuration; `*` is any name or position, and a table with `?` may be missing.
    at: &'static [&'static str],
}

/// What a configuration says where a setting is read otherwise.
#[derive(Debug)]
enum Reads {
    /// Nothing at the place.
    Left,
    /// Nothing at any of the places.
    LeftAll,
    /// Anything at the place.
    Said,
    /// This word.
    As(&'static str),
    /// It stands in another file, or `check` refuses it.
    Elsewhere,
}

/// All of them, as the changelog has them.
pub const MOVED: &[Moved] = &[
    Moved {
        since: "0.2.0",
        key: "`[server.limits] exchange`",
        was: "60 s",
        is: "55 s: providers give up at 60 s, and should hear the answer",
        before: "`exchange = \"60s\"`",
        reads: Reads::Left,
        at: &["server?.limits?.exchange"],
    },
    Moved {
        since: "0.2.0",
        key: "`[upstream.*] timeouts.idle`",
        was: "30 s, as `call`",
        is: "20 s, so that a silent node is told from a long call",
        before: "`timeouts = { idle = \"30s\" }`",
        reads: Reads::Left,
        at: &["upstream.*.timeouts?.idle"],
    },
    Moved {
        since: "0.2.0",
        key: "`[upstream.*] timeouts`",
        was: "whatever they say",
        is: "none is longer than `exchange`",
        before: "raise `exchange`",
        reads: Reads::Said,
        at: &["upstream.*.timeouts"],
    },
    Moved {
        since: "0.2.0",
        key: "`[upstream.*] pool_idle` (new)",
        was: "a minute",
        is: "4 s: many servers close after five, and a write may meet that",
        before: "`pool_idle = \"60s\"`",
        reads: Reads::Left,
        at: &["upstream.*.pool_idle"],
    },
    Moved {
        since: "0.2.0",
        key: "`[upstream.*] cleartext` (new)",
        was: "a credential went over `http://` anywhere",
        is: "it does not load beyond loopback (C042): any `auth`, `token_url`, `auth = \"forward\"`",
        before: "`cleartext = true`; it warns",
        reads: Reads::Elsewhere,
        at: &[],
    },
    Moved {
        since: "0.2.0",
        key: "`[audit] on_failure` (new)",
        was: "lines that could not be written were lost and counted",
        is: "writes are 503 (`audit_unavailable`), reads go on",
        before: "`on_failure = \"count\"`",
        reads: Reads::Left,
        at: &["audit.on_failure"],
    },
    Moved {
        since: "0.2.0",
        key: "`[admin]`",
        was: "whoever reached it could `POST`",
        is: "a `POST` takes an operator's token or the socket; without either it is 403",
        before: "none: set `auth` or `socket`",
        reads: Reads::LeftAll,
        at: &["admin.auth", "admin.socket"],
    },
    Moved {
        since: "0.2.0",
        key: "`[server.limits] elements` (new)",
        was: "no bound",
        is: "10,000 values of one attribute in a client's body; beyond: 400",
        before: "up to 1,000,000",
        reads: Reads::Left,
        at: &["server?.limits?.elements"],
    },
    Moved {
        since: "0.2.0",
        key: "`[server.limits] attempts`",
        was: "after too many wrong credentials everything from the address was 429",
        is: "passwords and what is wrong are; a right token, key or certificate is let in",
        before: "none",
        reads: Reads::Said,
        at: &["server.limits.attempts"],
    },
    Moved {
        since: "0.2.0",
        key: "`[server.limits] stream_time`, `stream_rate` (new)",
        was: "a stream of a pass-through route could last for ever",
        is: "10 m, and its reader takes 1 KiB a second at least",
        before: "larger values",
        reads: Reads::Left,
        at: &["server?.limits?.stream_time", "server?.limits?.stream_rate"],
    },
    Moved {
        since: "0.2.0",
        key: "`[server.limits] header_time`",
        was: "of a request's header",
        is: "of a TLS handshake, too; connections count from their first moment",
        before: "larger values",
        reads: Reads::Said,
        at: &["server.limits.header_time"],
    },
    Moved {
        since: "0.2.0",
        key: "`[route.removals] member_count`, `member_share` (new)",
        was: "members that a group loses were not counted",
        is: "5,000 or 50 %, by themselves; `act` as for accounts. What is inactive already counts no more",
        before: "larger values",
        reads: Reads::Left,
        at: &["route.*.removals?.member_count", "route.*.removals?.member_share"],
    },
    Moved {
        since: "0.2.0",
        key: "`undeclared` (new; dialect and route)",
        was: "answers showed keys that `/Schemas` does not list",
        is: "hidden from clients of a dialect that does not say `undeclared = \"show\"`, your own too; those shipped dialects say it whose vendors add keys of their own. PUT keeps what is hidden",
        before: "`undeclared = \"show\"`",
        reads: Reads::Left,
        at: &["route.*.undeclared"],
    },
    Moved {
        since: "0.2.0",
        key: "`if_match` (new, dialect)",
        was: "`If-Match` went to an upstream with versions",
        is: "the gateway compares it, by a read under the lock",
        before: "list the writes in the dialect's `if_match`",
        reads: Reads::Elsewhere,
        at: &[],
    },
    Moved {
        since: "0.2.0",
        key: "`etag = \"make\"`",
        was: "made where the upstream has none",
        is: "made whatever the upstream has",
        before: "`etag = \"pass\"`",
        reads: Reads::As("make"),
        at: &["route.*.etag"],
    },
    Moved {
        since: "0.2.0",
        key: "`create_conflict = \"adopt\"`",
        was: "took whatever had the same matching attribute",
        is: "only what has the `active` and `members` that were asked for; else the 409 stays",
        before: "none; `\"update\"` writes them",
        reads: Reads::As("adopt"),
        at: &["route.*.create_conflict"],
    },
    Moved {
        since: "0.2.0",
        key: "`auth.oauth.params`",
        was: "could name `client_id`, `scope` and others a second time",
        is: "C031: the gateway writes those itself (RFC 6749 section 3.2)",
        before: "none",
        reads: Reads::Elsewhere,
        at: &[],
    },
];

/// What this configuration has of the settings that moved after a version, each with its places.
///
/// `since` is one of [`RELEASES`]; of another word nothing moved.
#[must_use]
pub fn moved(config: &Table, since: &str) -> Vec<(&'static Moved, Vec<String>)> {
    let order = |version: &str| RELEASES.iter().position(|release| *release == version);
    let Some(from) = order(since) else { return Vec::new() };
    let later = MOVED.iter().filter(|one| order(one.since).is_none_or(|at| at > from));
    let found = later.map(|one| (one, one.places(config)));
    found.filter(|(_, places)| !places.is_empty()).collect()
}

impl Moved {
    fn places(&self, config: &Table) -> Vec<String> {
        let each = self.at.iter().map(|place| {
            let names: Vec<&str> = place.split('.').collect();
            let mut found = Vec::new();
            walk(config, &names, String::new(), &mut found);
            found
        });
        let is_read = |value: &Option<&Value>| match (&self.reads, value) {
            (Reads::Left | Reads::LeftAll, value) => value.is_none(),
            (Reads::Said, value) => value.is_some(),
            (Reads::As(word), Some(value)) => value.as_str() == Some(word),
            (Reads::As(_), None) | (Reads::Elsewhere, _) => false,
        };
        let all: Vec<_> = each.flatten().collect();
        if matches!(self.reads, Reads::LeftAll) && !all.iter().all(|(_, value)| is_read(value)) {
            return Vec::new();
        }
        all.into_iter().filter(|(_, value)| is_read(value)).map(|(place, _)| place).collect()
    }
}

/// Each place that the names lead to, with what is said there.
fn walk<'t>(
    table: &'t Table,
    names: &[&str],
    above: String,
    found: &mut Vec<(String, Option<&'t Value>)>,
) {
    let Some((name, rest)) = names.split_first() else { return };
    let may_miss = name.ends_with('?');
    let name = name.trim_end_matches('?');
    let place = if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") };
    let value = table.get(name);
    match (rest, value) {
        ([], value) => found.push((place, value)),
        (["*", rest @ ..], Some(Value::Table(all))) => {
            for (key, value) in all {
                below(value, rest, format!("{place}.{key}"), found);
            }
        }
        (["*", rest @ ..], Some(Value::Array(all))) => {
            for value in all {
                let prefix = value.get("prefix").and_then(Value::as_str).unwrap_or_default();
                below(value, rest, format!("{place}[{prefix}]"), found);
            }
        }
        (rest, Some(Value::Table(inner))) => walk(inner, rest, place, found),
        (rest, None) if may_miss => {
            let rest: Vec<&str> = rest.iter().map(|name| name.trim_end_matches('?')).collect();
            found.push((format!("{place}.{}", rest.join(".")), None));
        }
        _ => {}
    }
}

fn below<'t>(
    value: &'t Value,
    names: &[&str],
    place: String,
    found: &mut Vec<(String, Option<&'t Value>)>,
) {
    if let Value::Table(table) = value {
        walk(table, names, place, found);
    }
}
