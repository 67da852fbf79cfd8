//! Laws 7 and 8: what `/Schemas` says is what the pair does; the order of rules says nothing; and the
//! compiled table carries just what is committed.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use scim_gateway::gateway::pair::Fate;
use scim_gateway::rewrite::rule::Rules;
use scim_gateway::scim::schema::{Attribute, Kind, Mutability, Operation};
use serde_json::Value as Json;

use super::carried::carried;
use super::harness::{Bench, body};
use super::laws::Law;
use super::oracle::pairs;
use super::people::{arbitrary_user, config};
use super::speech::{has, is_read_only, read_only};
use super::tables::{DESCOPE_ATTRIBUTES, How, holds, how};
use super::twins::overlay;
use super::world::{World, json};

/// 7: a leaf is in the schema iff it is carried or derived, with that mutability.
pub fn schema(world: &World) -> Law {
    let mut is = BTreeMap::new();
    collect(&world.pair.schema_view().attributes, "", &mut is);
    let is = canonical(world.client, is);
    let should = expected(world.client, world.upstream);
    if is == should {
        return Ok(());
    }
    let lacks: Vec<_> = should.iter().filter(|(leaf, how)| is.get(*leaf) != Some(how)).collect();
    let more: Vec<_> = is.iter().filter(|(leaf, how)| should.get(*leaf) != Some(how)).collect();
    Err(format!("should be {lacks:?}, not {more:?}"))
}

fn collect(attributes: &[Attribute], above: &str, into: &mut BTreeMap<String, String>) {
    for attribute in attributes {
        let leaf = format!("{above}{}", attribute.name);
        if attribute.kind == Kind::Complex {
            collect(&attribute.attributes, &format!("{leaf}."), into);
            if attribute.open {
                into.insert(format!("{leaf}.*"), word(attribute.mutability).to_owned());
            }
        } else {
            into.insert(leaf, word(attribute.mutability).to_owned());
        }
    }
}

fn word(mutability: Mutability) -> &'static str {
    match mutability {
        Mutability::ReadOnly => "readOnly",
        Mutability::ReadWrite => "readWrite",
        Mutability::Immutable => "immutable",
        Mutability::WriteOnly => "writeOnly",
    }
}

/// Leaves in canonical names.
fn canonical<V>(client: &str, leaves: BTreeMap<String, V>) -> BTreeMap<String, V> {
    let name = |leaf: String| match leaf.strip_prefix("attributes.") {
        Some(rest) if client == "descope" => format!("{DESCOPE_ATTRIBUTES}.{rest}"),
        _ => leaf,
    };
    leaves.into_iter().map(|(leaf, value)| (name(leaf), value)).collect()
}

/// From the vendors' tables alone.
fn expected(client: &str, upstream: &str) -> BTreeMap<String, String> {
    let mut leaves: BTreeSet<String> = read_only(client).into_iter().collect();
    leaves.extend(holds(client).iter().map(|(leaf, _)| (*leaf).to_owned()));
    if client == "scim" {
        let theirs = holds(upstream).iter().map(|(leaf, _)| (*leaf).to_owned());
        leaves.extend(theirs.chain(read_only(upstream)).filter(|leaf| leaf.starts_with("urn:")));
    }
    // No document can list every extension.
    leaves.remove("urn:*");
    let constant = |leaf: &str| leaf == "emails.type" && ["omni", "pingone"].contains(&upstream);
    leaves
        .into_iter()
        .filter(|leaf| has(upstream, leaf) || constant(leaf))
        .map(|leaf| {
            let secret = how(client, &leaf) == Some(How::Secret);
            let fixed = [client, upstream].iter().any(|side| is_read_only(side, &leaf));
            let word = match (secret, fixed || constant(&leaf)) {
                (true, _) => "writeOnly",
                (_, true) => "readOnly",
                _ => "readWrite",
            };
            (leaf, word.to_owned())
        })
        .collect()
}

#[test]
fn law_7_schemas_say_what_is_carried_or_derived() {
    for (client, upstream) in pairs() {
        assert_eq!(schema(&World::new(client, upstream)), Ok(()), "{client} -> {upstream}");
    }
}

#[tokio::test]
async fn law_7_the_endpoint_shows_that_schema() {
    for (client, upstream) in pairs() {
        let bench = Bench::new(client, upstream);
        let answer = bench.send(Method::GET, "/Schemas", None).await;
        assert_eq!(answer.response.status, 200, "{client} -> {upstream}");
        let mut is = BTreeMap::new();
        for document in body(&answer)["Resources"].as_array().expect("a list") {
            let urn = document["id"].as_str().expect("a URN");
            if urn.ends_with(":core:2.0:Group") {
                continue;
            }
            let core = urn == "urn:ietf:params:scim:schemas:core:2.0:User";
            let above = if core { String::new() } else { format!("{urn}.") };
            listed(&document["attributes"], &above, &mut is);
        }
        let mut should = expected(client, upstream);
        should.retain(|leaf, _| !leaf.ends_with(".*"));
        for common in ["id", "schemas", "meta"] {
            is.retain(|leaf, _| leaf != common && !leaf.starts_with(&format!("{common}.")));
        }
        is.retain(|leaf, _| !(client == "descope" && leaf == "attributes"));
        assert_eq!(is, should, "{client} -> {upstream}");
    }
}

fn listed(attributes: &Json, above: &str, into: &mut BTreeMap<String, String>) {
    for attribute in attributes.as_array().into_iter().flatten() {
        let leaf = format!("{above}{}", attribute["name"].as_str().expect("a name"));
        if attribute["type"] == "complex" {
            listed(&attribute["subAttributes"], &format!("{leaf}."), into);
        } else {
            into.insert(leaf, attribute["mutability"].as_str().expect("a word").to_owned());
        }
    }
}

/// The lines of `carried/<client>-<upstream>.txt`, from the compiled table.
pub fn compiled(world: &World) -> Vec<String> {
    let rows = world.pair.table.rows.iter().filter_map(|row| {
        let exact = match row.fate {
            Fate::Carried { exact, read_only: false, .. } => exact,
            _ => return None,
        };
        let note = match (exact, row.mutability) {
            (_, Mutability::ReadOnly) => return None,
            (false, _) => " pick",
            (_, Mutability::WriteOnly) => " secret",
            _ => "",
        };
        let leaf = if row.names == ["*"] { "urn:*".to_owned() } else { row.names.join(".") };
        Some((leaf, note))
    });
    let lines = canonical(world.client, rows.collect());
    lines.into_iter().map(|(leaf, note)| format!("{leaf}{note}")).collect()
}

#[test]
fn the_compiled_table_carries_what_is_committed() {
    for (client, upstream) in pairs() {
        let is: BTreeSet<String> = compiled(&World::new(client, upstream)).into_iter().collect();
        let should: BTreeSet<String> = carried(client, upstream).into_iter().collect();
        assert_eq!(is, should, "{client} -> {upstream}");
    }
}

/// Every document that a pair makes of these users, as bytes.
fn bytes(world: &World, users: &[(Json, Json)]) -> Vec<String> {
    let mut found = Vec::new();
    for (x, v) in users {
        if let Ok(user) = world.said(x, Operation::Create) {
            found.push(match world.pair.create(&user) {
                Ok(lowered) => format!("{} {:?}", json(&lowered.object), lowered.losses),
                Err(fault) => fault.detail,
            });
        }
        let shown = world.pair.view(&world.stored(v));
        found.push(format!("{} {:?}", json(&shown.object), shown.losses));
        found.push(format!("{:?}", world.put(x, v, false)));
    }
    found
}

fn turned(rules: &mut Rules, by: usize) {
    fn turn<T>(all: &mut [T], by: usize) {
        all.reverse();
        let by = by % all.len().max(1);
        all.rotate_left(by);
    }
    turn(&mut rules.maps, by);
    turn(&mut rules.sets, by);
    turn(&mut rules.fills, by);
}

const MANY: &str = r#"
[[map]]
canonical = "$['urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'].department"
vendor = "$['urn:omni:params:1.0:UserAttribute'].department"
[[map]]
canonical = "$.title"
vendor = "$['urn:omni:params:1.0:UserAttribute'].title"
[[map]]
canonical = "$.phoneNumbers[?@.type=='mobile'].value"
vendor = "$['urn:omni:params:1.0:UserAttribute'].mobile"
[[map]]
canonical = "$.phoneNumbers[?@.type=='work'].value"
vendor = "$['urn:omni:params:1.0:UserAttribute'].phone"
[[set]]
vendor = "$['urn:omni:params:1.0:UserAttribute'].source"
value = "gateway"
[[set]]
vendor = "$['urn:omni:params:1.0:UserAttribute'].region"
value = "emea"
"#;

#[test]
fn law_8_the_order_of_rules_changes_no_byte() {
    for (client, upstream) in pairs() {
        let more = if upstream == "omni" { overlay(MANY) } else { Rules::default() };
        let with = |rules: &mut Rules| {
            rules.maps.extend(more.maps.iter().cloned());
            rules.sets.extend(more.sets.iter().cloned());
        };
        let mut runner = TestRunner::new(config());
        let users: Vec<(Json, Json)> = (0..12)
            .map(|_| {
                let of = (arbitrary_user(client), arbitrary_user(upstream));
                of.new_tree(&mut runner).expect("a user").current()
            })
            .collect();
        let wanted = bytes(&World::twin(client, upstream, with), &users);
        for by in 0..4 {
            let world = World::twin(client, upstream, |rules| {
                with(rules);
                turned(rules, by);
            });
            assert_eq!(bytes(&world, &users), wanted, "{client} -> {upstream}");
        }
    }
}
