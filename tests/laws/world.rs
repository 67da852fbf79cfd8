//! Pairs as the laws see them: compiled from the shipped dialects, or from rules that a twin changed.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use scim_gateway::dialect::Dialects;
use scim_gateway::gateway::pair::{Kind, Pair, PairSpec};
use scim_gateway::gateway::route::Policies;
use scim_gateway::rewrite::rule::Rules;
use scim_gateway::scim::schema::Operation;
use scim_gateway::scim::{Object, Value};
use serde_json::Value as Json;

use super::speech::spoken;

pub static DIALECTS: LazyLock<Dialects> =
    LazyLock::new(|| Dialects::embedded().expect("the shipped dialects are right"));

/// A pair and the two names by which the oracle knows it.
pub struct World {
    pub client: &'static str,
    pub upstream: &'static str,
    pub pair: Pair,
}

impl World {
    pub fn new(client: &'static str, upstream: &'static str) -> Self {
        Self::twin(client, upstream, |_| {})
    }

    /// The pair with the upstream's rules changed; an identity has them on both sides.
    pub fn twin(
        client: &'static str,
        upstream: &'static str,
        change: impl FnOnce(&mut Rules),
    ) -> Self {
        let named = |name| DIALECTS.named(name).expect("a dialect");
        let mut changed = named(upstream).as_ref().clone();
        let users = changed.resources.iter_mut().find(|r| r.schema.resource == "User");
        change(&mut users.expect("users").rules);
        let changed = Arc::new(changed);
        let spec = PairSpec {
            client: Arc::clone(if client == upstream { &changed } else { named(client) }),
            client_vars: BTreeMap::new(),
            client_extends: Vec::new(),
            upstream: changed,
            upstream_vars: BTreeMap::new(),
            overlays: Vec::new(),
            group_overlays: Vec::new(),
            undeclared: None,
        };
        Self {
            client,
            upstream,
            pair: Pair::new(&spec, DIALECTS.canonical(), Kind::User).expect("both have users"),
        }
    }

    /// A canonical user in the client's words, as a request that passed the intake.
    pub fn said(&self, x: &Json, operation: Operation) -> Result<Object<'static>, String> {
        let words = object(spoken(self.client, x));
        self.pair.intake(words, operation).map_err(|fault| fault.detail)
    }

    /// What the upstream has, from a canonical user.
    pub fn stored(&self, v: &Json) -> Object<'static> {
        self.pair.receive(object(spoken(self.upstream, v))).read
    }

    /// put: the upstream's resource afterwards, in its own words, and whether it is written.
    pub fn put(&self, c: &Json, v: &Json, explicit: bool) -> Result<(Json, bool), String> {
        let user = self.said(c, Operation::Replace)?;
        let merged = self
            .pair
            .merge(&user, &self.stored(v), &Policies::default(), explicit)
            .map_err(|fault| fault.detail)?;
        Ok((json(&merged.after), merged.changed))
    }
}

pub fn object(value: Json) -> Object<'static> {
    match Value::from(value) {
        Value::Object(object) => object,
        other => panic!("not an object: {other:?}"),
    }
}

pub fn json(object: &Object<'_>) -> Json {
    serde_json::from_slice(&object.to_json()).expect("a tree prints")
}
