//! Laws over rules, of what is written: each says why it does not hold.
//!
//! They see what clients and servers see: requests, answers, and what is stored.

use http::Method;

use super::case::Case;
use super::draft::{Attr, Rule};
use super::load::{Asked, Told, Way};
use super::server::Server;
use super::tree::{Step, Tree, object};

pub type Law = Result<(), String>;

/// What went wrong here is nobody's mistake.
pub fn sane(told: &Told) -> Law {
    match told.status {
        500 => Err(format!("an internal error: {:?}", told.outcome.record.fault)),
        _ => Ok(()),
    }
}

pub fn up(case: &Case<'_>) -> Asked {
    case.world.route(Way::Up)
}

fn differs(what: &str, is: &Tree, should: &Tree) -> Law {
    if is.said() == should.said() {
        return Ok(());
    }
    Err(format!("{what} is\n    {is}\n  not\n    {should}"))
}

/// Whether a change was refused, with nothing sent, at an upstream whose answers leave out what a
/// replacement would wipe (docs/semantics.md 4.5: the change goes as a PATCH, or is 501).
fn is_untellable(case: &Case<'_>, server: &Server, told: &Told) -> bool {
    let mut attributes = case.world.draft.attributes.iter();
    let leaves_out = attributes.any(|attr| attr.is_writable() && attr.is_on_request());
    told.status == 501 && leaves_out && server.writes().is_empty()
}

/// The one stored document.
fn first(server: &Server) -> Tree {
    server.stored("i1").unwrap_or(Tree::Null)
}

/// The vendor's attributes that a rule of the upstream writes by itself.
fn made(case: &Case<'_>) -> Vec<String> {
    let rules = case.world.draft.all_rules();
    let sets = rules.filter(|rule| rule.table != "map").filter_map(|rule| rule.vendor.as_ref());
    sets.map(|place| place.members[0].clone()).collect()
}

fn without(tree: Tree, names: &[String]) -> Tree {
    tree.without(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Law 2, also over what does not fit the schema: put(view(v), v) = v, value for value.
pub fn get_put(case: &Case<'_>, v: &Tree) -> Law {
    let (server, route) = (case.server(&[v]), up(case));
    let shown = route.ask(&server, Method::GET, "/i1", None);
    if shown.status != 200 {
        return Err(format!("GET: {}", shown.why()));
    }
    let body = shown.tree.clone();
    let told = route.ask(&server, Method::PUT, "/i1", Some(&body));
    sane(&told)?;
    let ignored = made(case);
    let (is, should) = (without(first(&server), &ignored), without(v.clone(), &ignored));
    differs("put(view(v), v)", &is, &should).map_err(|why| format!("{why}\n  view {body}"))?;
    // What a rule makes is to be written, and may be untellable.
    if told.status != 200 && (ignored.is_empty() || !is_untellable(case, &server, &told)) {
        return Err(format!("PUT of the view {body}: {}", told.why()));
    }
    Ok(())
}

pub fn law_2_putting_the_view_changes_nothing(case: &Case<'_>) -> Law {
    get_put(case, &case.given.stored[0])
}

pub fn unreadable_is_not_absent(case: &Case<'_>) -> Law {
    get_put(case, &case.given.wrong)
}

/// A PATCH of another leaf leaves what does not fit the schema.
pub fn a_patch_leaves_what_is_unreadable(case: &Case<'_>) -> Law {
    let Some(Step::Name(broken)) = case.given.mistake.1.first() else { return Ok(()) };
    let (server, route) = (case.server(&[&case.given.wrong]), up(case));
    let login = case.world.draft.attributes.iter().find(|attr| attr.unique);
    let Some(login) = login.filter(|login| login.name != *broken) else { return Ok(()) };
    let operation = object([
        ("op", Tree::text("replace")),
        ("path", Tree::text(case.world.draft.naming())),
        ("value", Tree::text("renamed")),
    ]);
    let told = route.ask(&server, Method::PATCH, "/i1", Some(&message(vec![operation])));
    let mut should = case.given.wrong.clone();
    if !is_untellable(case, &server, &told) {
        should.set(&login.name, Tree::text("renamed"));
    }
    let ignored = made(case);
    let is = without(first(&server), &ignored);
    differs("after a PATCH of the name", &is, &without(should, &ignored))
        .map_err(|why| format!("{why}\n  {}", told.why()))
}

pub fn message(operations: Vec<Tree>) -> Tree {
    object([
        ("schemas", Tree::Array(vec![Tree::text("urn:ietf:params:scim:api:messages:2.0:PatchOp")])),
        ("Operations", Tree::Array(operations)),
    ])
}

/// Law 1: what is created comes back, and created again from that it is the same.
pub fn law_1_a_create_comes_back(case: &Case<'_>) -> Law {
    let x = &case.given.said[0];
    let (server, route) = (case.server(&[]), up(case));
    let told = route.ask(&server, Method::POST, "", Some(x));
    sane(&told)?;
    if told.status >= 400 {
        return nothing_written(&server, &told);
    }
    says_what_rules_say(case, x, (&Tree::Null, &first(&server)), Attr::is_writable)?;
    let shown = route.ask(&server, Method::GET, "/i1", None);
    silent(case, x, &shown.tree, &told)?;
    let second = case.server(&[]);
    let body = shown.tree.clone().without(&["id", "meta"]);
    let again = route.ask(&second, Method::POST, "", Some(&body));
    if again.status >= 400 {
        return Err(format!("what was read cannot be created: {} {body}", again.why()));
    }
    let after = route.ask(&second, Method::GET, "/i1", None);
    let read_only: Vec<_> =
        case.world.draft.attributes.iter().filter(|a| !a.is_writable()).collect();
    match read_only.is_empty() {
        true => differs("read, created, read", &after.user(), &shown.user()),
        false => Ok(()),
    }
}

fn nothing_written(server: &Server, told: &Told) -> Law {
    match server.writes().first() {
        Some(write) if told.status != 409 => Err(format!("{} after {write}", told.why())),
        _ => Ok(()),
    }
}

/// Each map of one value does what it says, by its own words; of several vendor's values that come to
/// the one that is said, the one that was there stays.
fn says_what_rules_say(
    case: &Case<'_>,
    x: &Tree,
    (was, stored): (&Tree, &Tree),
    writable: fn(&Attr) -> bool,
) -> Law {
    for rule in case.world.draft.rules.iter().filter(|rule| rule.table == "map") {
        let Some((canonical, should)) = expected(rule, x) else { continue };
        if replaced(case, rule) {
            continue;
        }
        let vendor = rule.vendor.as_ref().map(|place| place.names()).unwrap_or_default();
        let attr = super::asked::attr(&case.world.draft.attributes, &vendor);
        if rule.vendor.as_ref().is_none_or(|place| place.element.is_some())
            || attr.is_some_and(|attr| !writable(attr))
        {
            continue;
        }
        let is = stored.at(&vendor);
        let mut pairs = rule.values.iter().filter(|(from, _)| *from == canonical);
        let stays = is == was.at(&vendor) && pairs.any(|(_, to)| Some(to) == is);
        if is != Some(&should) && !stays {
            let selector = rule.canonical.as_ref().map(|p| p.selector()).unwrap_or_default();
            return Err(format!("{selector} says {canonical}: stored is {is:?}, not {should}"));
        }
    }
    Ok(())
}

/// Whether an overlay has the rule's place.
pub fn replaced(case: &Case<'_>, rule: &Rule) -> bool {
    let overlays = case.world.draft.overlays.iter().flatten();
    overlays.into_iter().any(|over| {
        over.table == "map" && (over.canonical == rule.canonical || over.vendor == rule.vendor)
    })
}

/// What a rule makes of a document's one value, if it says which.
fn expected(rule: &Rule, x: &Tree) -> Option<(Tree, Tree)> {
    let place = rule.canonical.as_ref()?;
    let value = match &place.element {
        None => x.at(&place.names())?.clone(),
        Some(None) => return None,
        Some(Some((name, wanted))) => {
            let elements = x.at(&place.members)?.elements().iter();
            let mut chosen = elements.filter(|one| one.get(name) == Some(wanted));
            let one = chosen.next()?;
            // Of several, the rules say which.
            if chosen.next().is_some() {
                return None;
            }
            one.at(&place.rest)?.clone()
        }
    };
    if value.is_nothing() || !rule.values.is_empty() && !value.members().is_empty() {
        return None;
    }
    if rule.lines.iter().any(|line| line.starts_with("convert")) {
        return Some((value.clone(), Tree::text(value.to_string())));
    }
    if rule.lines.iter().any(|line| line.starts_with("pick")) || !value.members().is_empty() {
        return None;
    }
    if matches!(value, Tree::Array(_)) && rule.kinds.contains(&"renamed") {
        return None;
    }
    if rule.values.is_empty() {
        return Some((value.clone(), value));
    }
    let image = rule.values.iter().find(|(canonical, _)| *canonical == value)?;
    Some((value, image.1.clone()))
}

/// Of law 1: what does not come back was told as lost.
fn silent(case: &Case<'_>, x: &Tree, shown: &Tree, told: &Told) -> Law {
    let losses: Vec<_> =
        told.outcome.record.losses.iter().map(|loss| loss.place.to_lowercase()).collect();
    for (steps, value) in x.leaves() {
        let names: Vec<String> = steps
            .iter()
            .filter_map(|step| match step {
                Step::Name(name) => Some(name.clone()),
                Step::Index(_) => None,
            })
            .collect();
        if value.is_nothing() || *value == Tree::Bool(false) || secret(case, &names[0]) {
            continue;
        }
        if told_only(case, &names) {
            continue;
        }
        let there = shown.leaves().into_iter().any(|(at, other)| {
            let at = at.iter().filter_map(|step| match step {
                Step::Name(name) => Some(name.to_lowercase()),
                Step::Index(_) => None,
            });
            at.eq(names.iter().map(|name| name.to_lowercase())) && same(other, value)
        });
        let path = names.join(".").to_lowercase().replace(':', ".");
        let covers = |loss: &String| {
            let loss = loss.replace(':', ".");
            let bare = loss.split('[').next().unwrap_or_default().trim_end_matches(".*");
            let bare = bare.trim_end_matches('*');
            path.starts_with(bare) || loss == path
        };
        if !there && !losses.iter().any(covers) {
            return Err(format!("{path} was lost silently; shown {shown}; losses {losses:?}"));
        }
    }
    Ok(())
}

/// Whether answers do not show it unasked.
fn secret(case: &Case<'_>, name: &str) -> bool {
    let mut attributes = case.world.draft.attributes.iter();
    attributes.any(|attr| attr.name.eq_ignore_ascii_case(name) && attr.returned != "default")
}

/// Whether a rule leads there to what only the upstream writes: that is no loss.
fn told_only(case: &Case<'_>, names: &[String]) -> bool {
    let leads = |rule: &&Rule| rule.canonical.as_ref().is_some_and(|place| place.names() == names);
    let mut attributes = case.world.draft.all_rules().filter(leads).filter_map(|rule| {
        super::asked::attr(&case.world.draft.attributes, &rule.vendor.as_ref()?.names())
    });
    attributes.any(|attr| !attr.is_writable())
}

/// Text may be folded where the schema says so.
fn same(a: &Tree, b: &Tree) -> bool {
    match (a, b) {
        (Tree::Text(a), Tree::Text(b)) => a.eq_ignore_ascii_case(b),
        _ => a == b,
    }
}

/// Law 3: what is put is stored, as the rules say; what the client cannot see stays.
pub fn law_3_put_keeps_what_is_hidden(case: &Case<'_>) -> Law {
    let (v, c) = (&case.given.stored[0], &case.given.said[0]);
    let (server, route) = (case.server(&[v]), up(case));
    let told = route.ask(&server, Method::PUT, "/i1", Some(c));
    sane(&told)?;
    let after = first(&server);
    if told.status >= 400 {
        return differs("after a refusal", &after, v);
    }
    for attr in case.world.draft.attributes.iter().filter(|attr| is_hidden(case, attr)) {
        let (is, was) = (after.get(&attr.name), v.get(&attr.name));
        let nothing = |value: Option<&Tree>| value.is_none_or(Tree::is_nothing);
        if is != was && !(nothing(is) && nothing(was)) {
            return Err(format!("{} was {was:?} and is {is:?}", attr.name));
        }
    }
    says_what_rules_say(case, c, (v, &after), |attr| attr.mutability == "readWrite")?;
    let shown = route.ask(&server, Method::GET, "/i1", None);
    let again = route.ask(&server, Method::PUT, "/i1", Some(&shown.tree));
    sane(&again)?;
    let ignored = made(case);
    differs("put, and put as read", &without(first(&server), &ignored), &without(after, &ignored))
}

/// Whether no client that speaks canonical can see or say it.
fn is_hidden(case: &Case<'_>, attr: &Attr) -> bool {
    let mut rules = case.world.draft.all_rules();
    let named = rules.any(|rule| {
        rule.vendor.as_ref().is_some_and(|p| p.members[0].eq_ignore_ascii_case(&attr.name))
    });
    let known = case.canonical().iter().any(|a| a.name == attr.name);
    !named
        && !known
        && !attr.extension
        && ["internal", "audit", "marks"].contains(&attr.name.as_str())
}

/// Law 4: a put forgets the put before it, in what both say.
pub fn law_4_a_put_forgets_the_one_before(case: &Case<'_>) -> Law {
    let (v, [one, two]) = (&case.given.stored[0], [&case.given.said[0], &case.given.said[1]]);
    let route = up(case);
    let after = |puts: &[&Tree]| {
        let server = case.server(&[v]);
        let done =
            puts.iter().all(|c| route.ask(&server, Method::PUT, "/i1", Some(c)).status == 200);
        done.then(|| route.ask(&server, Method::GET, "/i1", None).user())
    };
    // What may be said once only stays as the first put says it.
    let draft = &case.world.draft;
    let settled = draft.attributes.iter().filter(|a| a.mutability == "immutable");
    let settled: Vec<_> = settled.map(|attr| attr.name.as_str()).collect();
    let goes = |rule: &&Rule| {
        rule.vendor.as_ref().is_some_and(|to| settled.contains(&to.members[0].as_str()))
    };
    let led = draft.all_rules().filter(goes).filter_map(|rule| rule.canonical.as_ref());
    let led: Vec<_> = led.map(|from| from.members[0].as_str()).collect();
    let (Some(twice), Some(once)) = (after(&[one, two]), after(&[two])) else { return Ok(()) };
    for (name, value) in two.members() {
        let simple = value.members().is_empty() && value.elements().is_empty();
        if simple
            && !value.is_nothing()
            && !settled.contains(&name.as_str())
            && !led.contains(&name.as_str())
            && twice.get(name) != once.get(name)
        {
            let (twice, once) = (twice.get(name), once.get(name));
            return Err(format!("{name}: put twice is {twice:?}, once {once:?}"));
        }
    }
    Ok(())
}

/// Law 8: the order of rules, and of overlay files, says nothing.
pub fn law_8_order_says_nothing(case: &Case<'_>) -> Law {
    let outcome = |world: &super::load::World| {
        let route = world.route(Way::Up);
        let (server, x) = (case.server(&[&case.given.stored[0]]), &case.given.said[0]);
        let shown = route.ask(&server, Method::GET, "/i1", None);
        let made = route.ask(&server, Method::POST, "", Some(x));
        let put = route.ask(&server, Method::PUT, "/i1", Some(x));
        let line = |told: &Told| format!("{} {}", told.status, told.user());
        let kept: Vec<_> = server.kept.lock().unwrap().iter().map(|(_, t)| t.to_string()).collect();
        format!("{}\n{}\n{}\n{kept:?}", line(&shown), line(&made), line(&put))
    };
    let (is, should) = (outcome(case.shuffled), outcome(case.world));
    let name = |text: &str| text.replace(&case.shuffled.draft.name, &case.world.draft.name);
    match name(&is) == name(&should) {
        true => Ok(()),
        false => Err(format!("in another order:\n{is}\n not\n{should}")),
    }
}
