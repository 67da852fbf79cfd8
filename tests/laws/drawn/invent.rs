//! Dialects drawn at random: small schemas and rules of every kind, that `check` should accept.
//!
//! Each function draws one part of a dialect; no two parts want one place.

use super::dice::Dice;
use super::draft::{Attr, Draft, Kind, Place, Rule};
use super::tree::Tree;

pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub const ACME: &str = "urn:example:acme:2.0:User";
pub const BADGE: &str = "urn:example:badge:2.0:User";

pub fn invent(name: &str, dice: &mut Dice) -> Draft {
    let mut draft = Draft {
        name: name.to_owned(),
        group: dice.one_in(6),
        attributes: Vec::new(),
        rules: Vec::new(),
        overlays: Vec::new(),
        merges: dice.one_in(5),
        clear: dice.of::<&str>(&["omit", "omit", "omit", "null", "empty", "no"]),
        filter: Vec::new(),
        connectives: !dice.one_in(4),
        patch: (!dice.one_in(3)).then(|| [(); 4].map(|()| dice.percent(70))),
        most: *dice.of(&[1, 2, 100, 100]),
    };
    login(&mut draft, dice);
    if draft.group {
        members(&mut draft, dice);
    }
    let parts: [fn(&mut Draft, &mut Dice); 14] = [
        activity, label, kept, contract, place, name_parts, mail, phones, custom, badge, roles,
        address, internal, secret,
    ];
    for part in parts {
        if dice.percent(60) && !draft.group {
            part(&mut draft, dice);
        }
    }
    vary(&mut draft.attributes, dice);
    dice.shuffle(&mut draft.attributes);
    dice.shuffle(&mut draft.rules);
    overlay(&mut draft, dice);
    filters(&mut draft, dice);
    draft
}

fn text(name: &str) -> Attr {
    Attr::new(name, Kind::Text)
}

fn texts(names: &[&str]) -> Vec<Attr> {
    names.iter().map(|name| text(name)).collect()
}

/// A map of one place to another, under its kind; `sticky` now and then.
fn map(canonical: Place, vendor: Place, kind: &'static str, dice: &mut Dice) -> Rule {
    let rule = Rule::map(canonical, vendor, kind);
    if dice.one_in(12) { rule.line("sticky = true").counted("sticky") } else { rule }
}

fn pair(canonical: impl Into<Literal>, vendor: impl Into<Literal>) -> (Tree, Tree) {
    (canonical.into().0, vendor.into().0)
}

struct Literal(Tree);

impl From<&str> for Literal {
    fn from(text: &str) -> Self {
        Self(Tree::text(text))
    }
}

impl From<bool> for Literal {
    fn from(value: bool) -> Self {
        Self(Tree::Bool(value))
    }
}

impl From<i32> for Literal {
    fn from(value: i32) -> Self {
        Self(Tree::number(value))
    }
}

/// A value table, with the words that it gives the vendor's attribute.
fn table(
    draft: &mut Draft,
    (canonical, vendor): (Place, Attr),
    pairs: Vec<(Tree, Tree)>,
    dice: &mut Dice,
) {
    let folds = |side: fn(&(Tree, Tree)) -> &Tree| {
        pairs.iter().enumerate().any(|(at, p)| pairs[..at].iter().any(|q| side(p) == side(q)))
    };
    let many = folds(|pair| &pair.0) || folds(|pair| &pair.1);
    let kind = if many { "values n:1" } else { "values 1:1" };
    let mut rule = Rule::map(canonical, Place::of(&[&vendor.name]), kind);
    let (word, counted) = *dice.of(&[
        ("refuse", "otherwise refuse"),
        ("keep", "otherwise keep"),
        ("drop", "otherwise drop"),
    ]);
    let same = pairs.iter().all(|(c, v)| matches!((c, v), (Tree::Text(_), Tree::Text(_))));
    // A value can only be kept where both sides have its type.
    let word = if word == "keep" && !same { "drop" } else { word };
    let counted = if word == "drop" { "otherwise drop" } else { counted };
    rule = rule.line(format!("otherwise = {word:?}")).counted(counted);
    if many {
        rule = rule.line("loss = \"several values are one\"");
    }
    let mut vendor = vendor;
    vendor.words = pairs.iter().map(|(_, v)| v.clone()).collect();
    if same && dice.one_in(3) {
        vendor.words.push(Tree::text("Unlisted"));
    }
    rule.values = pairs;
    draft.rules.push(rule);
    draft.attributes.push(vendor);
}

fn login(draft: &mut Draft, dice: &mut Dice) {
    let renamed = dice.one_in(2);
    let naming = draft.naming();
    let name = if renamed { "login" } else { naming };
    let attr = Attr { unique: true, required: true, exact: dice.one_in(4), ..text(name) };
    draft.attributes.push(attr);
    if renamed {
        draft.rules.push(Rule::map(Place::of(&[naming]), Place::of(&["login"]), "renamed"));
    }
}

/// What a group has: its members, and what no client of another dialect sees.
fn members(draft: &mut Draft, dice: &mut Dice) {
    let value = |name: &str, dice: &mut Dice| Attr { exact: dice.one_in(2), ..text(name) };
    let words = |words: [&str; 2]| words.map(Tree::text).to_vec();
    let kind = Attr { words: words(["User", "Group"]), ..text("type") };
    let array = match dice.below(4) {
        0 => {
            let subs = vec![value("value", dice), text("display"), kind];
            Attr::complex("members", subs).several()
        }
        1 => {
            let (from, to) = (Place::of(&["members"]), Place::of(&["people"]));
            let rule = Rule::map(from, to, "renamed").counted("members by another name");
            draft.rules.push(rule);
            Attr::complex("people", vec![value("value", dice), kind, text("note")]).several()
        }
        2 => {
            let (who, uid) = (Place::each("members", "value"), Place::each("people", "uid"));
            draft.rules.push(Rule::map(who, uid, "members by another name").counted("elements"));
            let (of, sort) = (Place::each("members", "type"), Place::each("people", "sort"));
            let mut rule = Rule::map(of, sort, "values 1:1");
            rule.values = vec![pair("User", "U"), pair("Group", "G")];
            draft.rules.push(rule.line("otherwise = \"drop\"").counted("otherwise drop"));
            let sort = Attr { words: words(["U", "G"]), ..text("sort") };
            let since = Attr::new("since", Kind::Date);
            Attr::complex("people", vec![value("uid", dice), sort, since]).several()
        }
        _ => Attr::complex("members", vec![value("value", dice), text("note")]).several(),
    };
    draft.attributes.push(array);
    if dice.one_in(2) {
        kept(draft, dice);
    }
    if dice.one_in(2) {
        draft.attributes.extend([text("internal"), text("marks").several()]);
        draft.attributes.push(Attr { open: true, ..Attr::new("custom", Kind::Complex) });
    }
}

fn activity(draft: &mut Draft, dice: &mut Dice) {
    let active = Place::of(&["active"]);
    match dice.below(5) {
        0 => draft.attributes.push(Attr::new("active", Kind::Boolean)),
        1 => {
            draft.attributes.push(Attr::new("enabled", Kind::Boolean));
            draft.rules.push(map(active, Place::of(&["enabled"]), "renamed", dice));
        }
        2 => {
            let flag =
                Attr { words: vec![Tree::text("true"), Tree::text("false")], ..text("flag") };
            draft.attributes.push(flag);
            let rule = map(active, Place::of(&["flag"]), "convert", dice);
            draft.rules.push(rule.line("convert = \"boolean_text\""));
        }
        3 => table(draft, (active, text("status")), vec![pair(true, "Y"), pair(false, "N")], dice),
        _ => {
            let pairs = vec![pair(true, "on"), pair(false, "off"), pair(false, "locked")];
            table(draft, (active, text("status")), pairs, dice);
        }
    }
}

fn label(draft: &mut Draft, dice: &mut Dice) {
    match dice.below(3) {
        0 => draft.attributes.push(text("displayName")),
        1 => {
            draft.attributes.push(text("label"));
            let rule = map(Place::of(&["displayName"]), Place::of(&["label"]), "renamed", dice);
            draft.rules.push(rule);
        }
        _ => {
            draft.attributes.push(Attr { required: true, ..text("displayName") });
            let from = dice.of(&[
                "from = [\"$.nickName\", \"$.userName\"]",
                "from = [\"{name.givenName} {name.familyName}\", \"$.userName\"]",
            ]);
            let lines = vec![(*from).to_owned(), "loss = \"made up\"".to_owned()];
            let place = Place::of(&["displayName"]);
            draft.rules.push(Rule::of("fill", (None, Some(place)), lines, "fill"));
        }
    }
}

fn kept(draft: &mut Draft, dice: &mut Dice) {
    let mut attr = text(dice.of::<&str>(&["externalId", "foreignId"]));
    attr.exact = dice.one_in(2);
    let vendor = Place::of(&[&attr.name]);
    draft.attributes.push(attr);
    let rule = Rule::map(Place::of(&["externalId"]), vendor, "plain map");
    draft.rules.push(rule.line("sticky = true").counted("sticky"));
}

fn contract(draft: &mut Draft, dice: &mut Dice) {
    let user_type = Place::of(&["userType"]);
    match dice.below(4) {
        0 => {
            draft.attributes.push(Attr { canonical: vec!["Employee", "Guest"], ..text("userType") })
        }
        1 => {
            let pairs = vec![pair("Employee", "FTE"), pair("Guest", "EXT")];
            table(draft, (user_type, text("contract")), pairs, dice);
        }
        2 => {
            let grade = Place::of(&[ACME, "grade"]);
            let pairs = vec![pair(1, "low"), pair(2, "high")];
            table(draft, (grade, text("grade")), pairs, dice);
        }
        _ => {
            let pairs = vec![pair("Employee", "FTE"), pair("Guest", "CTR"), pair("Guest", "TMP")];
            table(draft, (user_type, text("contract")), pairs, dice);
        }
    }
}

/// Constants: `set` in all its directions.
fn place(draft: &mut Draft, dice: &mut Dice) {
    draft.attributes.push(text("locale"));
    let (locale, region) = (Place::of(&["locale"]), Place::of(&["region"]));
    let french = "when = { canonical = \"$.preferredLanguage\", equals = \"fr\" }".to_owned();
    let value = |word: &str| format!("value = \"{word}\"");
    let rule = match dice.below(6) {
        0 => Rule::of(
            "set",
            (Some(Place::of(&["timezone"])), None),
            vec![value("UTC")],
            "set canonical",
        ),
        1 => {
            draft.attributes.push(text("region"));
            Rule::of("set", (None, Some(region)), vec![value("north")], "set vendor")
        }
        2 => Rule::of("set", (None, Some(locale)), vec![value("fr"), french], "set when"),
        3 => {
            draft.attributes.push(text("region"));
            let lines = vec![value("south"), "always = true".to_owned()];
            Rule::of("set", (None, Some(region)), lines, "set always")
        }
        4 => {
            draft.attributes.push(text("region"));
            let lines = vec![value("shown"), "render = true".to_owned()];
            Rule::of("set", (None, Some(region)), lines, "set render")
        }
        _ => {
            draft.attributes.push(text("region"));
            let lines = vec![value("shown"), "render = true".to_owned(), french];
            Rule::of("set", (None, Some(region)), lines, "set render").counted("set when")
        }
    };
    draft.rules.push(rule);
    if dice.one_in(2) {
        let words = ["fr", "en"].map(Tree::text).to_vec();
        draft.attributes.push(Attr { words, ..text("preferredLanguage") });
    }
}

fn name_parts(draft: &mut Draft, dice: &mut Dice) {
    match dice.below(3) {
        0 => {
            let parts = texts(&["formatted", "givenName", "familyName"]);
            draft.attributes.push(Attr::complex("name", parts));
        }
        1 => {
            draft.attributes.push(text("first"));
            draft.attributes.push(Attr::complex("person", texts(&["last", "birth"])));
            let given = Place::of(&["name", "givenName"]);
            draft.rules.push(map(given, Place::of(&["first"]), "nested", dice));
            let family = Place::of(&["name", "familyName"]);
            draft.rules.push(map(family, Place::of(&["person", "last"]), "nested", dice));
        }
        _ => {
            draft.attributes.push(Attr::complex("who", texts(&["givenName", "familyName"])));
            draft.rules.push(map(Place::of(&["name"]), Place::of(&["who"]), "renamed", dice));
        }
    }
}

fn element(names: &[&str]) -> Vec<Attr> {
    let sub = |name: &&str| match *name {
        "primary" => Attr::new(name, Kind::Boolean),
        "type" => Attr { canonical: vec!["work", "home", "mobile"], ..text(name) },
        name => text(name),
    };
    names.iter().map(sub).collect()
}

fn mail(draft: &mut Draft, dice: &mut Dice) {
    let emails = Place::of(&["emails"]);
    let subs = ["value", "type", "primary", "display"];
    match dice.below(5) {
        0 => draft.attributes.push(Attr::complex("emails", element(&subs)).several()),
        1 => {
            let shown = subs.get(..1 + dice.below(4)).unwrap_or_default();
            let attr = Attr { max: Some(1), ..Attr::complex("emails", element(shown)).several() };
            draft.attributes.push(attr);
            let pick = *dice.of(&["[\"primary\", \"first\"]", "[\"type=work\", \"first\"]"]);
            let rule = Rule::map(emails.clone(), emails, "pick").line(format!("pick = {pick}"));
            draft.rules.push(rule.line("loss = \"one is kept\""));
        }
        2 => {
            draft.attributes.push(text("workMail"));
            let work = Place::which("emails", ("type", Tree::text("work")), "value");
            draft.rules.push(map(work, Place::of(&["workMail"]), "predicate", dice));
        }
        3 => {
            draft.attributes.push(text("mainMail"));
            let main = Place::which("emails", ("primary", Tree::Bool(true)), "value");
            draft.rules.push(map(main, Place::of(&["mainMail"]), "predicate", dice));
        }
        _ => {
            draft.attributes.push(Attr::complex("mails", element(&subs)).several());
            draft.rules.push(map(emails, Place::of(&["mails"]), "renamed", dice));
        }
    }
}

fn phones(draft: &mut Draft, dice: &mut Dice) {
    let numbers = Place::each("phoneNumbers", "value");
    match dice.below(4) {
        0 => {
            draft.attributes.extend(texts(&["mobile", "desk"]));
            for (kind, name) in [("mobile", "mobile"), ("work", "desk")] {
                let one = Place::which("phoneNumbers", ("type", Tree::text(kind)), "value");
                draft.rules.push(map(one, Place::of(&[name]), "predicate", dice));
            }
        }
        1 => {
            let words = ["W", "M"].map(Tree::text).to_vec();
            let kind = Attr { words, ..text("kind") };
            let phone = Attr::complex("phones", vec![text("number"), kind, text("ext")]).several();
            draft.attributes.push(phone);
            let number = Place::each("phones", "number");
            draft.rules.push(Rule::map(numbers, number, "elements"));
            let kinds = (Place::each("phoneNumbers", "type"), Place::each("phones", "kind"));
            let mut rule = Rule::map(kinds.0, kinds.1, "values 1:1").counted("elements");
            rule.values = vec![pair("work", "W"), pair("mobile", "M")];
            draft.rules.push(rule.line("otherwise = \"drop\"").counted("otherwise drop"));
        }
        2 => {
            let words = ["pager", "desk"].map(Tree::text).to_vec();
            let kind = Attr { words, ..text("kind") };
            let lines = Attr::complex("lines", vec![text("value"), kind]).several();
            draft.attributes.push(lines);
            let pager = Place::which("lines", ("kind", Tree::text("pager")), "value");
            draft.rules.push(map(Place::of(&[ACME, "pager"]), pager, "vendor predicate", dice));
        }
        _ => {
            let subs = element(&["value", "type", "primary"]);
            draft.attributes.push(Attr::complex("phoneNumbers", subs).several());
        }
    }
}

fn custom(draft: &mut Draft, dice: &mut Dice) {
    let attr = Attr { open: true, subs: Vec::new(), ..Attr::new("custom", Kind::Complex) };
    draft.attributes.push(attr);
    let department = Place::of(&[ENTERPRISE, "department"]);
    draft.rules.push(map(department, Place::of(&["custom", "department"]), "nested", dice));
    if dice.one_in(2) {
        let tags = Attr::new("tags", *dice.of(&[Kind::Text, Kind::Integer])).several();
        draft.attributes.push(tags);
        draft.rules.push(map(Place::of(&[ACME, "tags"]), Place::of(&["tags"]), "text list", dice));
    }
}

/// An extension with a leaf of every type, carried without a rule.
fn badge(draft: &mut Draft, dice: &mut Dice) {
    let subs = vec![
        text("number"),
        Attr::new("level", Kind::Integer),
        Attr::new("weight", Kind::Decimal),
        Attr::new("since", Kind::Date),
        Attr::new("photo", Kind::Reference),
        Attr::new("valid", Kind::Boolean),
        text("doors").several(),
        Attr::complex("office", texts(&["floor", "room"])),
    ];
    let mut subs: Vec<_> = subs.into_iter().filter(|_| dice.percent(70)).collect();
    if subs.is_empty() {
        subs.push(text("number"));
    }
    draft.attributes.push(Attr { extension: true, ..Attr::complex(BADGE, subs) });
    if dice.one_in(3) {
        draft.attributes.push(Attr::new("score", Kind::Decimal));
        draft.rules.push(map(Place::of(&[ACME, "score"]), Place::of(&["score"]), "renamed", dice));
    }
}

fn roles(draft: &mut Draft, dice: &mut Dice) {
    let subs =
        if dice.one_in(2) { &["value", "type"][..] } else { &["value", "display", "primary"] };
    draft.attributes.push(Attr::complex("roles", element(subs)).several());
    if dice.one_in(2) {
        draft.attributes.push(
            Attr::complex("photos", vec![Attr::new("value", Kind::Reference), text("display")])
                .several(),
        );
    }
}

fn address(draft: &mut Draft, dice: &mut Dice) {
    match dice.below(3) {
        0 => {
            draft.attributes.push(text("city"));
            let work = Place::which("addresses", ("type", Tree::text("work")), "locality");
            draft.rules.push(map(work, Place::of(&["city"]), "predicate", dice));
        }
        1 => {
            let subs = element(&["locality", "country", "type"]);
            draft.attributes.push(Attr::complex("addresses", subs).several());
        }
        _ => {
            let subs = element(&["locality", "country"]);
            let attr = Attr { max: Some(1), ..Attr::complex("addresses", subs).several() };
            draft.attributes.push(attr);
            let all = Place::of(&["addresses"]);
            let rule = Rule::map(all.clone(), all, "pick").line("pick = [\"primary\", \"first\"]");
            draft.rules.push(rule.line("loss = \"one is kept\""));
        }
    }
}

/// What no client of another dialect can see.
fn internal(draft: &mut Draft, _: &mut Dice) {
    draft.attributes.push(text("internal"));
    draft.attributes.push(Attr::complex("audit", texts(&["by", "reason"])));
    draft.attributes.push(text("marks").several());
    draft.attributes.push(Attr { mutability: "readOnly", ..text("serial") });
    let place = Place::of(&[ACME, "serial"]);
    draft.rules.push(Rule::map(place, Place::of(&["serial"]), "renamed"));
}

fn secret(draft: &mut Draft, dice: &mut Dice) {
    if dice.one_in(2) {
        draft.attributes.push(Attr {
            mutability: "writeOnly",
            returned: "never",
            exact: true,
            ..text("password")
        });
    }
    draft.attributes.push(Attr { returned: "request", ..text("nickName") });
    draft.attributes.push(Attr { mutability: "immutable", ..text("title") });
}

/// Facts that any attribute may have.
fn vary(attributes: &mut [Attr], dice: &mut Dice) {
    for attr in attributes.iter_mut().filter(|attr| !attr.required) {
        if attr.kind == Kind::Text && dice.one_in(8) {
            attr.exact = true;
        }
        if attr.kind == Kind::Text && attr.mutability == "readWrite" && dice.one_in(25) {
            attr.mutability = "immutable";
        }
    }
}

/// Rules of a tenant over the dialect's: new ones, and one that takes the place of another.
fn overlay(draft: &mut Draft, dice: &mut Dice) {
    if !dice.percent(40) {
        return;
    }
    let mut rules = Vec::new();
    let open = draft.attributes.iter().any(|attr| attr.name == "custom");
    if open {
        let place = Place::of(&["custom", "extra"]);
        rules.push(map(Place::of(&[ACME, "extra"]), place, "overlay", dice));
    }
    let renamed = draft.rules.iter().find(|rule| rule.kinds.contains(&"nested")).cloned();
    if let (true, Some(rule)) = (open, renamed) {
        let place = Place::of(&["custom", "moved"]);
        let canonical = rule.canonical.unwrap_or_else(|| Place::of(&["nickName"]));
        rules.push(map(canonical, place, "overlay replaces", dice));
    }
    if dice.one_in(3) {
        let target = Some(Place::of(&["profileUrl"]));
        let lines = vec!["value = \"https://x.example/me\"".to_owned()];
        rules.push(Rule::of("set", (target, None), lines, "set canonical").counted("overlay"));
    }
    if rules.len() > 1 && dice.one_in(2) {
        let rest = rules.split_off(1);
        draft.overlays.push(rest);
    }
    if !rules.is_empty() {
        draft.overlays.push(rules);
    }
}

/// What the upstream is declared to filter by.
fn filters(draft: &mut Draft, dice: &mut Dice) {
    let operators = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"];
    let names: Vec<String> = match dice.below(3) {
        0 => vec!["*".to_owned()],
        _ => {
            let simple = |attr: &&Attr| attr.kind != Kind::Complex && attr.returned == "default";
            draft.attributes.iter().filter(simple).map(|attr| attr.name.clone()).collect()
        }
    };
    for name in names.into_iter().filter(|name| name == "*" || dice.percent(60)).collect::<Vec<_>>()
    {
        let most = if dice.one_in(3) { 1 } else { operators.len() };
        let some: Vec<_> = operators.iter().take(most).filter(|_| !dice.one_in(4)).collect();
        if some.is_empty() {
            continue;
        }
        let present = dice.one_in(2);
        let entry = format!("{{ path = {name:?}, operators = {some:?}, present = {present} }}");
        draft.filter.push((name, entry));
    }
}
