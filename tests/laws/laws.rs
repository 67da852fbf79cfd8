//! The laws (docs/semantics.md 13) on the pure functions of a pair: each says why it does not hold, so that a
//! broken twin can be seen to break it.

use std::collections::BTreeMap;

use scim_gateway::scim::schema::Operation;
use serde_json::Value as Json;

use super::oracle::{kept, norm, plain, refused, same};
use super::oracle_put::{self, leaves, stays, writes};
use super::speech::{heard, lifted, seen, spoken};
use super::world::{World, json, object};

pub type Law = Result<(), String>;

/// 1: lift(lower(x)) ~ norm(x), and lowering what came back changes nothing more.
pub fn create(world: &World, x: &Json) -> Law {
    let World { client, upstream, pair } = world;
    let user = match world.said(x, Operation::Create) {
        Ok(user) => user,
        Err(_) if *client == "omni" && x["displayName"].is_null() => return Ok(()),
        Err(reason) => return Err(reason),
    };
    let lowered = match (pair.create(&user), refused(client, upstream, x)) {
        (Ok(lowered), None) => lowered,
        (Err(fault), Some(place)) if fault.detail.contains(place) => return Ok(()),
        (Err(fault), place) => return Err(format!("refused: {} ({place:?})", fault.detail)),
        (Ok(_), Some(place)) => return Err(format!("not refused, for all its {place}")),
    };
    let stored = object(json(&lowered.object));
    let back = json(&pair.lift(&stored).object);
    differ("lift(lower(x))", &back, &norm(client, upstream, x))?;
    let again = World::create_again(world, &back)?;
    differ("lift(lower(lift(lower(x))))", &again, &back)?;
    lost(x, &back, &lowered.losses.all().map(|l| l.place.to_string()).collect::<Vec<_>>())
}

impl World {
    fn create_again(&self, x: &Json) -> Result<Json, String> {
        let message = scim_gateway::rewrite::translate::Message::Request(Operation::Create);
        let x = object(x.clone());
        let lowered = self.pair.upstream.lower(&x, message).object;
        let stored = object(json(&lowered));
        Ok(json(&self.pair.lift(&stored).object))
    }
}

/// Of law 1: what does not come back was reported as lost.
fn lost(x: &Json, back: &Json, losses: &[String]) -> Law {
    let known = |leaf: &str| losses.iter().any(|loss| covers(loss, leaf));
    let silent = leaves(x).into_iter().find(|(leaf, value)| {
        // `active` on create has its own way; a secret never comes back.
        let special = leaf == "password" || leaf == "active";
        !special && leaves(back).get(leaf) != Some(value) && !known(leaf)
    });
    match silent {
        Some((leaf, _)) => Err(format!("{leaf} was lost silently: {losses:?}")),
        None => Ok(()),
    }
}

fn covers(loss: &str, leaf: &str) -> bool {
    let plain = |text: &str| text.replace(':', ".").to_lowercase();
    let (loss, leaf) = (plain(loss), plain(leaf));
    loss == "*" && leaf.starts_with("urn.")
        || loss == leaf
        || loss.strip_suffix('*').is_some_and(|head| leaf.starts_with(head))
}

/// The view is what the client's dialect has room for.
pub fn view(world: &World, v: &Json) -> Law {
    let shown = json(&world.pair.view(&world.stored(v)).object);
    let stored = spoken(world.upstream, v);
    let should = seen(world.client, &lifted(world.upstream, &stored));
    differ("view(v)", &heard(world.client, &shown), &should)
}

/// 2: put(view(v), v) = v, and nothing is written.
pub fn get_put(world: &World, v: &Json) -> Law {
    let shown = json(&world.pair.view(&world.stored(v)).object);
    let said = heard(world.client, &shown);
    let (after, changed) = world.put(&said, v, false)?;
    differ("put(view(v), v)", &heard(world.upstream, &after), &without_read_only(v))?;
    if changed { Err("put(view(v), v) is written".to_owned()) } else { Ok(()) }
}

/// 3: what put leaves is what was said, and what the client cannot see.
pub fn put_get(world: &World, c: &Json, v: &Json) -> Law {
    let Some(after) = put(world, c, v)? else { return Ok(()) };
    oracle_put::check((world.client, world.upstream), c, v, &after, false)
        .map_err(|reason| format!("put(c, v): {reason}"))
}

/// 4: a put forgets the put before it, on carried leaves outside arrays.
pub fn put_put(world: &World, first: &Json, second: &Json, v: &Json) -> Law {
    let pair = (world.client, world.upstream);
    let ours = |after: Option<Json>| -> BTreeMap<String, Json> {
        let leaves = after.iter().flat_map(leaves);
        let ours = |leaf: &str| writes(pair.0, pair.1, leaf) && !stays(pair, second, leaf, false);
        leaves.filter(|(leaf, _)| ours(leaf)).collect()
    };
    let Some(between) = put(world, first, v)? else { return Ok(()) };
    let (twice, once) = (ours(put(world, second, &between)?), ours(put(world, second, v)?));
    if twice == once { Ok(()) } else { Err(format!("put twice is {twice:?}, once {once:?}")) }
}

/// The upstream's user after put, in canonical names; none where it was right to refuse it.
fn put(world: &World, c: &Json, v: &Json) -> Result<Option<Json>, String> {
    match (world.put(c, v, false), refused(world.client, world.upstream, c)) {
        (Ok((after, _)), None) => Ok(Some(heard(world.upstream, &after))),
        (Err(reason), Some(place)) if reason.contains(place) => Ok(None),
        (Err(reason), place) => Err(format!("refused: {reason} ({place:?})")),
        (Ok(_), Some(place)) => Err(format!("not refused, for all its {place}")),
    }
}

fn without_read_only(x: &Json) -> Json {
    kept(x, "", &|leaf| !leaf.ends_with("manager.displayName"))
}

pub fn differ(what: &str, is: &Json, should: &Json) -> Law {
    if same(is, should) {
        return Ok(());
    }
    Err(format!("{what} is {}\n not {}", plain(is), plain(should)))
}
