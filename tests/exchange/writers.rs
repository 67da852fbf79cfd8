//! Writers of one resource, in every order of their upstream calls: the end is that of some serial order
//! of those that were told that it was done, and each was told what is true in that order.

use std::collections::HashMap;
use std::sync::Arc;

use scim_gateway::gateway::route::{CreateConflict, Delete, Replace};
use scim_gateway::gateway::{Gateway, Route, RouteSpec};
use scim_gateway::sandbox::{Options, Sandbox, Vendor};
use scim_gateway::scim::http::Request;
use serde_json::{Value as Json, json};

use crate::contenders::{ADDRESS, GROUP, GROUPS, MEMBERS, USER, USERS, Writer};
use crate::harness::{DIALECTS, spec};
use crate::orders::{Ran, every_order};

/// An upstream with one user and one group, and the routes to it.
struct World {
    vendor: Vendor,
    gateway: Gateway,
}

impl World {
    /// With or without versions; chunks of one operation where `small`.
    fn new(upstream: &str, versions: bool, small: bool) -> Self {
        let route = |number: usize| {
            let mut spec = spec("scim", upstream);
            (spec.name, spec.prefix) = (format!("/{number}"), format!("/{number}"));
            lesser(&mut spec, versions, small);
            spec
        };
        let (plain, mut reset, mut careful) = (route(0), route(1), route(2));
        reset.policies.replace = Replace::Reset;
        careful.policies.safety.delete = Delete::Deactivate;
        careful.policies.safety.create_conflict = CreateConflict::Adopt;
        let gateway = Gateway::new(vec![plain, reset, careful], &DIALECTS);
        Self { vendor: Vendor::named(upstream).expect("a vendor"), gateway }
    }

    fn sandbox(&self) -> Sandbox {
        let options = Options { scim_me: Some(USER.to_owned()), ..Options::of(self.vendor) };
        let sandbox = Sandbox::new(self.vendor, options);
        let mut ann = json!({"id": USER, "userName": ADDRESS, "displayName": "Ann", "title": "Old",
            "active": true, "name": {"givenName": "Ann", "familyName": "Lee"},
            "emails": [{"value": ADDRESS, "primary": true}]});
        if self.vendor == Vendor::PingOne {
            ann.as_object_mut().unwrap().shift_remove("displayName");
        } else {
            ann["emails"][0]["type"] = json!("work");
        }
        sandbox.seed(ann);
        for id in MEMBERS {
            sandbox.seed(json!({"id": id, "userName": id}));
        }
        if self.vendor != Vendor::PingOne {
            sandbox.seed_group(json!({"id": GROUP, "displayName": "Old",
                "members": [{"value": MEMBERS[0]}, {"value": MEMBERS[1]}]}));
        }
        sandbox
    }

    fn asked(&self, writer: Writer) -> (&Route, Request) {
        let route = &self.gateway.routes()[writer.on as usize];
        let (method, mut below, body) = (writer.make)();
        if writer.alias {
            below = "/Me".to_owned();
        }
        let mut request = Request::new(method, format!("{}{below}", route.client_base));
        request.body = if body.is_null() { String::new() } else { body.to_string() }.into();
        (route, request)
    }

    fn told(&self, ran: &Ran) -> (Vec<(u16, Json)>, Json) {
        let answers = ran.outcomes.iter().map(|outcome| {
            let body = serde_json::from_slice(&outcome.response.body).unwrap_or(Json::Null);
            (outcome.response.status.as_u16(), timeless(body))
        });
        let users: Vec<Json> = ran.sandbox.users().into_iter().map(timeless).collect();
        let groups: Vec<Json> = ran.sandbox.groups().into_iter().map(timeless).collect();
        (answers.collect(), json!([users, groups]))
    }

    /// What comes of the writers one after the other.
    fn serial(&self, writers: &[Writer]) -> (Vec<(u16, Json)>, Json) {
        let mut sandbox = Some(self.sandbox());
        let mut answers = Vec::new();
        for writer in writers {
            let next = std::cell::RefCell::new(sandbox.take());
            let one = [self.asked(*writer)];
            every_order(
                &one,
                false,
                || next.take().unwrap(),
                |ran| {
                    answers.extend(self.told(&ran).0);
                    sandbox = Some(ran.sandbox);
                },
            );
        }
        let end = Ran { outcomes: Vec::new(), sandbox: sandbox.unwrap(), order: Vec::new() };
        (answers, self.told(&end).1)
    }

    /// The law for some writers; how many orders there were.
    fn hold(&self, writers: &[Writer], apart: bool) -> usize {
        let asked: Vec<_> = writers.iter().map(|writer| self.asked(*writer)).collect();
        let mut serials: HashMap<Vec<usize>, Vec<_>> = HashMap::new();
        every_order(
            &asked,
            apart,
            || self.sandbox(),
            |ran| {
                let (answers, end) = self.told(&ran);
                let done: Vec<usize> =
                    (0..writers.len()).filter(|at| (200..300).contains(&answers[*at].0)).collect();
                let serial = serials.entry(done.clone()).or_insert_with(|| {
                    let orders = permutations(&done).into_iter();
                    orders
                        .map(|order| {
                            let in_order: Vec<Writer> =
                                order.iter().map(|at| writers[*at]).collect();
                            (order, self.serial(&in_order))
                        })
                        .collect()
                });
                let fits = serial.iter().any(|(order, (told, state))| {
                    *state == end && order.iter().zip(told).all(|(at, told)| answers[*at] == *told)
                });
                let names: Vec<_> = writers.iter().map(|writer| writer.name).collect();
                assert!(
                    fits,
                    "{names:?} in the order {:?}: told {answers:#?}, and the end is {end:#}",
                    ran.order
                );
                let statuses: Vec<u16> = answers.iter().map(|answer| answer.0).collect();
                let wanted = |status: &u16| matches!(status, 200..300 | 404 | 409 | 412);
                assert!(statuses.iter().all(wanted), "{names:?} in {:?}: {answers:#?}", ran.order);
                assert!(!done.is_empty(), "{names:?}: nobody had their way");
            },
        )
    }
}

/// The upstream's dialect without versions, and with a PATCH of one operation.
fn lesser(spec: &mut RouteSpec, versions: bool, small: bool) {
    let mut dialect = (*spec.upstream).clone();
    for resource in &mut dialect.resources {
        resource.etag &= versions;
        if let Some(forms) = resource.patch.as_mut().filter(|_| small) {
            forms.max_operations = 1;
        }
    }
    spec.upstream = Arc::new(dialect);
}

/// Without what depends on the clock and on the count of what was made.
fn timeless(mut body: Json) -> Json {
    match &mut body {
        Json::Object(members) => {
            members.shift_remove("meta");
            members.shift_remove("id");
            members.values_mut().for_each(|value| *value = timeless(value.take()));
        }
        Json::Array(elements) => {
            elements.iter_mut().for_each(|value| *value = timeless(value.take()));
            elements.sort_by_key(Json::to_string);
        }
        _ => {}
    }
    body
}

fn permutations(of: &[usize]) -> Vec<Vec<usize>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (at, first) in of.iter().enumerate() {
        let rest = [&of[..at], &of[at + 1..]].concat();
        all.extend(permutations(&rest).into_iter().map(|rest| [&[*first], &rest[..]].concat()));
    }
    all
}

fn pairs(all: &[Writer], world: &World, apart: bool) -> usize {
    let mut orders = 0;
    for (at, one) in all.iter().enumerate() {
        for two in all.iter().skip(at) {
            orders += world.hold(&[*one, *two], apart);
        }
    }
    orders
}

#[test]
fn two_writers_of_a_user_end_as_in_some_serial_order() {
    for (upstream, versions) in [("pingone", false), ("scim", true), ("descope", false)] {
        let orders = pairs(&USERS, &World::new(upstream, versions, false), upstream == "pingone");
        assert!(orders > 45, "{upstream}: {orders}");
    }
}

// An alias is the resource itself.
#[test]
fn a_writer_by_the_alias_and_one_by_the_id_end_as_in_some_serial_order() {
    let world = World::new("scim", false, false);
    for by_id in USERS {
        for by_alias in [USERS[0], USERS[2], USERS[4], USERS[5]] {
            world.hold(&[by_id, Writer { alias: true, ..by_alias }], false);
        }
    }
}

#[test]
fn two_writers_of_a_group_end_as_in_some_serial_order() {
    for (upstream, versions, small) in [
        ("omni", false, true),
        ("omni", false, false),
        ("scim", false, true),
        ("scim", true, true),
        ("descope", false, false),
    ] {
        let apart = upstream == "omni" && small;
        let orders = pairs(&GROUPS, &World::new(upstream, versions, small), apart);
        assert!(orders > 28, "{upstream}: {orders}");
    }
}

#[test]
fn three_writers_end_as_in_some_serial_order() {
    let mut orders = 0;
    for (upstream, all) in [("pingone", &USERS[..6]), ("omni", &GROUPS[..])] {
        let world = World::new(upstream, false, upstream == "omni");
        for (at, one) in all.iter().enumerate() {
            for (more, two) in all.iter().enumerate().skip(at + 1) {
                for three in all.iter().skip(more + 1) {
                    orders += world.hold(&[*one, *two, *three], false);
                }
            }
        }
    }
    assert!(orders > 55, "{orders}");
}
