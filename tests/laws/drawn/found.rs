//! Laws over rules, of filters, schemas, reports and PATCH.

use std::collections::BTreeSet;

use http::Method;
use scim_gateway::scim::query::encode;

use super::asked::{Ask, Reading};
use super::case::Case;
use super::draft::Attr;
use super::load::{Asked, Way};
use super::server::Server;
use super::tree::{Step, Tree, object};
use super::written::{Law, message, replaced, sane, up};

/// The ids that a list names, or the status that it was refused with.
fn listed(route: &Asked, server: &Server, ask: Option<&Ask>) -> Result<BTreeSet<String>, String> {
    let filter = ask.map(Ask::print).unwrap_or_default();
    let query = encode(&[("filter", &filter)]);
    let below = if ask.is_some() { format!("?{query}") } else { String::new() };
    let told = route.ask(server, Method::GET, &below, None);
    sane(&told)?;
    if told.status != 200 {
        return Err(told.why());
    }
    let found = told.tree.get("Resources").map(Tree::elements).unwrap_or_default();
    Ok(found.iter().filter_map(|one| one.get("id")?.as_text()).map(str::to_owned).collect())
}

/// Law 6: the answer to a filter is the same whatever the upstream was asked, and it is what holds on
/// the client's own view.
fn filtered(case: &Case<'_>, ask: &Ask, change: impl Fn(&mut Server)) -> Law {
    // Of what answers do not show unasked, the upstream knows more than anybody can hold it to.
    let unshown = |attr: &&Attr| attr.returned != "default";
    if case.world.draft.attributes.iter().filter(unshown).any(|attr| ask.names(&attr.name)) {
        return Ok(());
    }
    let mut wrong = case.given.wrong.clone();
    let login = case.world.draft.attributes.iter().find(|attr| attr.unique);
    login.into_iter().for_each(|login| wrong.set(&login.name, Tree::text("user-wrong")));
    let docs: Vec<&Tree> = case.given.stored.iter().chain([&wrong]).collect();
    let made = || {
        let mut server = case.server(&docs);
        change(&mut server);
        server
    };
    let pushing = up(case);
    let scanning = case.world.route(Way::Scanning);
    let server = made();
    let pushed = listed(&pushing, &server, Some(ask));
    let scanned = listed(&scanning, &made(), Some(ask));
    let text = ask.print();
    let calls: Vec<_> =
        server.calls.lock().unwrap().iter().map(|(_, path, _)| path.clone()).collect();
    // Whether the upstream finds what it stores in another type than its schema's is its own to know.
    let (mistake, steps) = &case.given.mistake;
    let sent = |name: &str| {
        calls
            .iter()
            .any(|call| call.contains("filter=") && call.contains(&encode(&[("", name)])[1..]))
    };
    let asked =
        matches!(steps.first(), Some(Step::Name(name)) if mistake.contains(" for ") && sent(name));
    let odd = asked.then(|| format!("i{}", docs.len()));
    let known = |mut found: BTreeSet<String>| {
        found.retain(|id| Some(id) != odd.as_ref());
        found
    };
    let (pushed, scanned) = match (pushed, scanned) {
        (Ok(pushed), Ok(scanned)) => (known(pushed), known(scanned)),
        (Err(a), Err(b)) if a.get(..3) == b.get(..3) => return Ok(()),
        (a, b) => return Err(format!("{text}: pushed {a:?}, scanned {b:?}; asked {calls:?}")),
    };
    if pushed != scanned {
        return Err(format!("{text}: pushed {pushed:?}, scanned {scanned:?}; asked {calls:?}"));
    }
    let all = scanning.ask(&made(), Method::GET, "", None);
    let view = all.tree.get("Resources").map(Tree::elements).unwrap_or_default();
    let holds = |one: &&Tree| ask.holds(one, &case.canonical(), Reading::Client);
    let mut matches: Vec<_> = view.iter().filter(holds).collect();
    // Of a unique leaf, what is spelled as it was asked is the one (docs/semantics.md 6.7).
    if let Ask::Compare(names, operator, value) = ask
        && operator == "eq"
        && names[..] == [case.world.draft.naming()]
        && matches.iter().any(|one| one.at(names) == Some(value))
    {
        matches.retain(|one| one.at(names) == Some(value));
    }
    let truth: BTreeSet<_> =
        matches.iter().filter_map(|one| Some(one.get("id")?.as_text()?.to_owned())).collect();
    let truth = known(truth);
    match pushed == truth {
        true => Ok(()),
        false => {
            Err(format!("{text}: {pushed:?}, but of the view it holds for {truth:?}: {}", all.tree))
        }
    }
}

pub fn law_6_a_filter_finds_what_the_view_shows(case: &Case<'_>) -> Law {
    case.given.asks.iter().try_for_each(|ask| filtered(case, ask, |_| {}))
}

pub fn law_6_where_the_upstream_ignores_filters(case: &Case<'_>) -> Law {
    filtered(case, &case.given.asks[0], |server| server.ignores_filters = true)
}

pub fn law_6_where_the_upstream_is_a_database(case: &Case<'_>) -> Law {
    filtered(case, &case.given.asks[0], |server| server.reading = Reading::Database)
}

/// Law 5: a PATCH that goes as one does what an emulated one does.
pub fn law_5_native_is_emulated(case: &Case<'_>) -> Law {
    let operations = &case.given.operations;
    let native = up(case);
    let emulating = case.world.route(Way::Emulating);
    let stored = case.given.stored[0].clone();
    let outcome = |route: &Asked| {
        let server = case.server(&[&stored]);
        let told = route.ask(&server, Method::PATCH, "/i1", Some(operations));
        sane(&told)?;
        Ok::<_, String>((told, server.stored("i1").unwrap_or(Tree::Null), server.writes()))
    };
    let ((one, is, writes), (two, should, _)) = (outcome(&native)?, outcome(&emulating)?);
    if one.status >= 400 && is.said() != case.given.stored[0].said() {
        return Err(format!("{} after {writes:?}", one.why()));
    }
    // One way may say noTarget where the other has nothing to do; one may be refused for want of a PUT.
    if one.status >= 400 || two.status >= 400 {
        return Ok(());
    }
    if as_sets(&is) == as_sets(&should) {
        return Ok(());
    }
    // Where PUT cannot remove, only a PATCH can, and what stays is told as lost.
    let draft = &case.world.draft;
    let keeps = draft.clear == "no" || (draft.merges && draft.clear == "omit");
    if keeps && two.outcome.record.losses.iter().any(|loss| loss.cause == "no_place") {
        return Ok(());
    }
    Err(format!("{operations}\n  native {is}\n  by {writes:?}\n  emulated {should}"))
}

/// RFC 7643 equality: elements in any order, one that says nothing is none, an absent `primary` is false;
/// elements with one `value` whose types do not differ are one.
fn as_sets(tree: &Tree) -> Tree {
    match tree {
        Tree::Object(members) => {
            let kept = members.iter().filter(|(name, value)| {
                !(value.is_nothing() || name == "primary" && *value == Tree::Bool(false))
            });
            let mut kept: Vec<_> = kept.map(|(n, value)| (n.clone(), as_sets(value))).collect();
            kept.sort();
            Tree::Object(kept)
        }
        Tree::Array(elements) => {
            let empty = |one: &&Tree| matches!(one, Tree::Object(_)) && one.is_nothing();
            let mut said: Vec<Tree> = Vec::new();
            for element in elements.iter().filter(|one| !empty(one)) {
                match said.iter_mut().find(|there| is_one(there, element)) {
                    Some(there) => {
                        for (name, value) in element.members() {
                            there.set(name, value.clone());
                        }
                    }
                    None => said.push(element.clone()),
                }
            }
            let mut elements: Vec<_> = said.iter().map(as_sets).collect();
            elements.sort();
            Tree::Array(elements)
        }
        other => other.clone(),
    }
}

/// Whether an `add` of the one, where the other is, adds no element when it is emulated. Natively the
/// upstream decides: RFC 7644 section 3.5.2.1 says only that what is there already is not added again.
fn is_one(there: &Tree, element: &Tree) -> bool {
    let value = |tree: &Tree| tree.get("value").cloned();
    let kind = |tree: &Tree| Some(tree.get("type")?.as_text()?.to_ascii_lowercase());
    let alike = kind(there).is_none() || kind(element).is_none() || kind(there) == kind(element);
    value(there).is_some() && value(there) == value(element) && alike
}

/// No element holds what was hidden of an old element with another `value`.
pub fn hidden_facts_stay_with_their_element(case: &Case<'_>) -> Law {
    let mut v = case.given.stored[0].clone();
    let mut number = 0;
    if let Tree::Object(members) = &mut v {
        for element in members.iter_mut().flat_map(|(_, value)| match value {
            Tree::Array(elements) => elements.iter_mut(),
            _ => [].iter_mut(),
        }) {
            if element.get("value").is_some() {
                element.set("x-hidden", Tree::text(format!("hidden-{number}")));
                number += 1;
            }
        }
    }
    let owners = owners(&v);
    let (server, route) = (case.server(&[&v]), up(case));
    for (method, body) in
        [(Method::PUT, &case.given.said[0]), (Method::PATCH, &case.given.operations)]
    {
        sane(&route.ask(&server, method.clone(), "/i1", Some(body)))?;
        let after = server.stored("i1").unwrap_or(Tree::Null);
        for (hidden, owner) in self::owners(&after) {
            if !owners.contains(&(hidden.clone(), owner.clone())) {
                return Err(format!(
                    "{method} {body}\n  {hidden} of {owners:?}\n  went to {owner}"
                ));
            }
        }
    }
    Ok(())
}

/// What is hidden in each element, and the element's value.
fn owners(tree: &Tree) -> Vec<(String, String)> {
    let elements = tree.members().iter().flat_map(|(_, value)| value.elements());
    let owner =
        |one: &Tree| Some((one.get("x-hidden")?.to_string(), one.get("value")?.to_string()));
    elements.filter_map(owner).collect()
}

/// What `check` accepts carries something: each map that no overlay replaces.
pub fn what_check_accepts_carries_something(case: &Case<'_>) -> Law {
    for rule in case.world.draft.all_rules().filter(|rule| rule.table == "map") {
        let base = case.world.draft.rules.iter().any(|own| std::ptr::eq(own, rule));
        if base && replaced(case, rule) {
            continue;
        }
        let (Some(canonical), Some(vendor)) = (&rule.canonical, &rule.vendor) else { continue };
        let mut dice = super::dice::Dice::new(7);
        let mut seen = 0;
        let mut carried = false;
        for _ in 0..12 {
            let v = super::document::stored(&case.world.draft.attributes, &mut dice);
            let chosen = match &vendor.element {
                Some(Some((name, wanted))) => v
                    .at(&vendor.members)
                    .is_some_and(|all| all.elements().iter().any(|e| e.get(name) == Some(wanted))),
                _ => leads(&v, &vendor.names()),
            };
            let write_only = ["never", "request"];
            let attr = super::asked::attr(&case.world.draft.attributes, &vendor.names());
            if !chosen || attr.is_some_and(|attr| write_only.contains(&attr.returned)) {
                continue;
            }
            seen += 1;
            let server = case.server(&[&v]);
            let shown = up(case).ask(&server, Method::GET, "/i1", None).tree;
            carried |= leads(&shown, &canonical.names());
        }
        if seen > 0 && !carried {
            return Err(format!(
                "{} <-> {} carries nothing",
                canonical.selector(),
                vendor.selector()
            ));
        }
    }
    Ok(())
}

fn leads(tree: &Tree, names: &[String]) -> bool {
    let Some((first, rest)) = names.split_first() else { return !tree.is_nothing() };
    let of = match tree {
        Tree::Array(elements) => elements.as_slice(),
        one => std::slice::from_ref(one),
    };
    of.iter().filter_map(|one| one.get(first)).any(|below| leads(below, rest))
}

/// Law 7: an answer to a client whose schema is closed holds nothing that `/Schemas` does not list.
pub fn law_7_answers_hold_what_schemas_list(case: &Case<'_>) -> Law {
    let route = case.world.route(Way::Own);
    let server = case.server(&[&case.given.stored[0]]);
    let schemas = route.ask_at(&server, Method::GET, "Schemas", None);
    sane(&schemas)?;
    if schemas.status != 200 {
        return Ok(());
    }
    let mut names = BTreeSet::new();
    for schema in schemas.tree.get("Resources").map(Tree::elements).unwrap_or_default() {
        let id = schema.get("id").and_then(Tree::as_text).unwrap_or_default();
        names.insert(id.to_lowercase());
        let prefix = if id.contains(":core:") { String::new() } else { format!("{id}/") };
        collect(schema, &prefix, &mut names);
    }
    let shown = route.ask(&server, Method::GET, "/i1", None);
    if shown.status != 200 {
        return Err(format!("GET: {}", shown.why()));
    }
    for (steps, _) in shown.user().leaves() {
        let path: Vec<_> = steps
            .iter()
            .filter_map(|step| match step {
                Step::Name(name) => Some(name.to_lowercase()),
                Step::Index(_) => None,
            })
            .collect();
        let open = path[0] == "custom";
        if !open && !names.contains(&path.join("/")) {
            return Err(format!("{path:?} is shown and not listed: {names:?}"));
        }
    }
    Ok(())
}

fn collect(holder: &Tree, prefix: &str, names: &mut BTreeSet<String>) {
    for key in ["attributes", "subAttributes"] {
        for attribute in holder.get(key).map(Tree::elements).unwrap_or_default() {
            let name = attribute.get("name").and_then(Tree::as_text).unwrap_or_default();
            let path = format!("{prefix}{name}");
            names.insert(path.to_lowercase());
            collect(attribute, &format!("{path}/"), names);
        }
    }
}

/// The static report tells what a live exchange loses.
pub fn reports_tell_what_is_lost(case: &Case<'_>) -> Law {
    use scim_gateway::gateway::pair::Fate;
    use scim_gateway::gateway::pair::Kind;
    let route = up(case);
    let naming = case.world.draft.naming();
    let kind = if case.world.draft.group { Kind::Group } else { Kind::User };
    let Some(pair) = route.route.pair(kind) else { return Err("no pair".to_owned()) };
    for (name, value) in case.given.said[0].members() {
        // What conditions and made up values are read from leaves its traces there.
        let read = format!("$.{name}\"");
        let mut lines = case.world.draft.all_rules().flat_map(|rule| &rule.lines);
        if lines.any(|line| line.contains(&read)) {
            continue;
        }
        let rows = pair.table.rows.iter().filter(|row| row.names.len() == 1);
        let rows: Vec<_> = rows.filter(|row| row.names[0].eq_ignore_ascii_case(name)).collect();
        let simple = value.members().is_empty() && value.elements().is_empty();
        let ([row], true) = (rows.as_slice(), simple && name != naming) else { continue };
        let body = object([(naming, Tree::text("someone")), (name.as_str(), value.clone())]);
        let server = case.server(&[]);
        let told = route.ask(&server, Method::POST, "", Some(&body));
        if told.status != 201 {
            continue;
        }
        let lost = told
            .outcome
            .record
            .losses
            .iter()
            .any(|loss| loss.direction == "request" && loss.place.eq_ignore_ascii_case(name));
        let bare = case.server(&[]);
        let without = object([(naming, Tree::text("someone"))]);
        route.ask(&bare, Method::POST, "", Some(&without));
        let written = server.stored("i1").map(|t| t.said()) != bare.stored("i1").map(|t| t.said());
        // A table may drop the one value that is said, and a constant may be what was said.
        if matches!(row.fate, Fate::Lost(_)) && (written || !lost) {
            let stored = server.stored("i1");
            return Err(format!("{name} is reported lost; counted {lost}, stored {stored:?}"));
        }
        let carried = matches!(row.fate, Fate::Carried { read_only: false, .. });
        if carried && !written && !lost {
            return Err(format!("{name} is reported carried, and is neither stored nor lost"));
        }
    }
    Ok(())
}

/// The dialect as a client's: what it puts as it reads it changes nothing at a plain server.
pub fn a_drawn_client_puts_what_it_reads(case: &Case<'_>) -> Law {
    let route = case.world.route(Way::Down);
    let server = Server::new(&case.canonical(), false, "omit");
    server.seed(case.given.said[0].clone());
    unchanged(&route, &server, "i1")?;
    let made = route.ask(&server, Method::POST, "", Some(&case.given.spoken[0]));
    sane(&made)?;
    if made.status == 201 { unchanged(&route, &server, "i2") } else { Ok(()) }
}

fn unchanged(route: &Asked, server: &Server, id: &str) -> Law {
    let v = server.stored(id).unwrap_or(Tree::Null);
    let below = format!("/{id}");
    let shown = route.ask(server, Method::GET, &below, None);
    if shown.status != 200 {
        return Err(format!("GET: {}", shown.why()));
    }
    let told = route.ask(server, Method::PUT, &below, Some(&shown.tree));
    sane(&told)?;
    let is = server.stored(id).unwrap_or(Tree::Null);
    if is.said() != v.said() {
        return Err(format!("{}\n  view {}\n  is {is}\n  not {v}", told.why(), shown.tree));
    }
    Ok(())
}

/// What a client of the dialect asks by its own words it is answered by its own view.
pub fn a_drawn_client_finds_what_it_sees(case: &Case<'_>) -> Law {
    let route = case.world.route(Way::Down);
    let draft = &case.world.draft;
    let server = Server::new(&case.canonical(), false, "omit");
    case.given.said.iter().for_each(|v| drop(server.seed(v.clone())));
    let mut dice = super::dice::Dice::new(case.given.said[0].to_string().len() as u64);
    let known = draft.attributes.iter().find(|attr| attr.unique).filter(|_| dice.one_in(3));
    let (names, attr, value) = match known {
        Some(attr) => {
            let name = case.given.said[0].get(draft.naming()).cloned();
            let asked = super::case::in_some_case(&name.unwrap_or(Tree::Null), &mut dice);
            (vec![attr.name.clone()], attr, asked)
        }
        None => {
            let (names, attr) = super::case::leaf(&draft.attributes, &mut dice);
            (names, attr, super::case::sample(attr, &mut dice))
        }
    };
    if attr.returned != "default" || attr.open {
        return Ok(());
    }
    let operator = *dice.of(&["eq", "ne", "eq"]);
    let ask = Ask::Compare(names, operator.to_owned(), value);
    let Ok(found) = listed(&route, &server, Some(&ask)) else { return Ok(()) };
    let all = route.ask(&server, Method::GET, "", None);
    let view = all.tree.get("Resources").map(Tree::elements).unwrap_or_default();
    let truth: BTreeSet<_> = view
        .iter()
        .filter(|one| ask.holds(one, &draft.attributes, Reading::Client))
        .filter_map(|one| one.get("id")?.as_text())
        .map(str::to_owned)
        .collect();
    match found == truth {
        true => Ok(()),
        false => {
            Err(format!("{}: {found:?}, but it holds for {truth:?}: {}", ask.print(), all.tree))
        }
    }
}

/// What a list shows without an id is nobody: an answer that would hold it is 502, never a list without it.
pub fn a_list_without_ids_is_refused(case: &Case<'_>) -> Law {
    let Some(unnamed) = case.given.unnamed else { return Ok(()) };
    let docs: Vec<&Tree> = case.given.stored.iter().collect();
    let asks = case.given.asks.iter().map(Some).chain([None]);
    for ask in asks {
        let mut server = case.server(&docs);
        server.unnamed = Some(unnamed);
        let found = listed(&up(case), &server, ask);
        let shown = *server.shown_unnamed.lock().unwrap();
        let refused = found.as_ref().is_err_and(|why| why.starts_with("502"));
        if shown && !refused {
            return Err(format!("{:?} is answered by {found:?}", ask.map(Ask::print)));
        }
    }
    Ok(())
}

/// A PATCH with one operation on a document that has a mistake elsewhere says nothing of the mistake.
pub fn an_operation_touches_its_own_attribute(case: &Case<'_>) -> Law {
    let route = up(case);
    let Some(operation) =
        case.given.operations.get("Operations").map(|all| all.elements()[0].clone())
    else {
        return Ok(());
    };
    let server = case.server(&[&case.given.wrong]);
    let told = route.ask(&server, Method::PATCH, "/i1", Some(&message(vec![operation.clone()])));
    sane(&told)?;
    let after = server.stored("i1").unwrap_or(Tree::Null);
    let Some(Step::Name(broken)) = case.given.mistake.1.first() else { return Ok(()) };
    let path = operation.get("path").and_then(Tree::as_text).unwrap_or_default().to_owned();
    let mut rules = case.world.draft.all_rules();
    // Whether the operation may reach the attribute with the mistake at all.
    let head = path.split(['.', '[']).next().unwrap_or_default();
    let reaches = broken.eq_ignore_ascii_case(head)
        || path.to_lowercase().starts_with(&broken.to_lowercase())
        || rules.any(|rule| {
            rule.vendor.as_ref().is_some_and(|p| p.members[0] == *broken)
                && rule.canonical.as_ref().is_none_or(|p| path.starts_with(&p.members[0]))
        });
    // An element that says nothing is none, as everywhere else.
    let settled = |tree: &Tree| tree.get(broken).and_then(Tree::settled).map(|tree| tree.said());
    let (is, was) = (settled(&after), settled(&case.given.wrong));
    if reaches || is == was {
        return Ok(());
    }
    Err(format!("{operation}: {broken} was {was:?} and is {is:?}; {:?}", server.writes()))
}
