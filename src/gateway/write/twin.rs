//! Whether a resource that is there is what a creation asks for, as far as access goes: the account's
//! name and state, and a group's members. Other attributes are for the next update.

use std::collections::BTreeSet;

use super::likeness::similar;
use crate::gateway::pair::Pair;
use crate::rewrite::translate::Message;
use crate::scim::schema::Operation;
use crate::scim::{Object, Value};

/// How a resource compares with what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Same,
    Other,
    /// It does not show what would say it.
    Unknown,
}

impl Pair {
    /// Compares what a client sent with what the upstream has. A creation that does not say so is one of
    /// an active account, and says nothing of members.
    pub fn access(&self, sent: &Object<'_>, stored: &Object<'_>) -> Access {
        let asked = self.client.lift(sent, Message::Request(Operation::Create)).object;
        let found = self.lift(stored).object;
        let names = (text(&asked, "userName"), text(&found, "userName"));
        if let (Some(asked), Some(found)) = names
            && !asked.eq_ignore_ascii_case(found)
        {
            return Access::Other;
        }
        let active = |object: &Object<'_>| object.get("active").and_then(Value::as_bool);
        let state = match (active(&asked), active(&found)) {
            (asked, Some(found)) if asked.unwrap_or(true) != found => return Access::Other,
            (Some(false), None) => Access::Unknown,
            _ => Access::Same,
        };
        match (members(&asked), members(&found)) {
            (None, _) => state,
            (Some(asked), None) if asked.is_empty() => state,
            (Some(_), None) => Access::Unknown,
            (Some(asked), Some(found)) if asked == found => state,
            (Some(_), Some(_)) => Access::Other,
        }
    }

    /// Whether a client's creation says whether the account is active.
    pub fn says_state(&self, sent: &Object<'_>) -> bool {
        let asked = self.client.lift(sent, Message::Request(Operation::Create)).object;
        asked.get("active").is_some_and(|active| !active.is_cleared())
    }

    /// Whether a resource has the identifying values that were written, as far as both show them.
    pub fn is_of(&self, written: &Object<'_>, stored: &Object<'_>) -> bool {
        self.upstream_resource.matches_on.iter().all(|name| {
            match (written.get(name), stored.get(name)) {
                (Some(written), Some(stored)) => similar(written, stored),
                _ => true,
            }
        })
    }
}

fn text<'o>(object: &'o Object<'_>, name: &str) -> Option<&'o str> {
    object.get(name).and_then(Value::as_str)
}

/// The members' ids; none where the object has no such attribute.
fn members<'o>(object: &'o Object<'_>) -> Option<BTreeSet<&'o str>> {
    let members = object.get("members")?.as_array().unwrap_or_default();
    Some(members.iter().filter_map(|member| text(member.as_object()?, "value")).collect())
}
