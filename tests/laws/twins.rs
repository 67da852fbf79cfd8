//! Broken twins: for each kind of rule the shipped ones pass a law that a wrong one does not.
//!
//! A law that no mistake can break says nothing.

use scim_gateway::diagnostic::Source;
use scim_gateway::rewrite::parse;
use scim_gateway::rewrite::place::Place;
use scim_gateway::rewrite::rule::{Pick, Rules, Set, SetTarget, SetValue};
use scim_gateway::scim::schema::Operation;
use serde_json::{Value as Json, json};

use super::described::schema;
use super::laws::{self, Law};
use super::speech::{heard, steps};
use super::tables::{ENTERPRISE, OMNI_ATTRIBUTES, PINGONE_USER};
use super::world::{World, json as text, object};

const POPULATION: &str = "cb3ef0a0-0ff5-4f60-ae82-4ae65d9d0e3a";

/// Rules in the words of an overlay.
pub fn overlay(rules: &str) -> Rules {
    let text = format!("version = 1\ndialect = \"omni\"\nresource = \"User\"\n{rules}");
    let (overlay, mistakes) = parse::overlay(&Source::new("twin", text));
    assert!(mistakes.is_empty(), "{mistakes:?}");
    overlay.rules
}

/// The shipped rules pass, the changed ones do not.
fn only_the_twin_breaks(
    (client, upstream): (&'static str, &'static str),
    twin: impl FnOnce(&mut Rules),
    law: impl Fn(&World) -> Law,
) {
    assert_eq!(law(&World::new(client, upstream)), Ok(()));
    let broken = law(&World::twin(client, upstream, twin));
    assert!(broken.is_err(), "the law does not see the twin");
}

/// The first rules pass, the second do not.
fn only_the_second_breaks(
    (client, upstream): (&'static str, &'static str),
    (right, wrong): (&str, &str),
    law: impl Fn(&World) -> Law,
) {
    let with =
        |text: &str| World::twin(client, upstream, |rules| rules.maps.extend(overlay(text).maps));
    assert_eq!(law(&with(right)), Ok(()));
    assert!(law(&with(wrong)).is_err(), "the law does not see the twin");
}

/// lift(lower(x)) says of one leaf what x says.
fn carries(world: &World, leaf: &str, value: &Json) -> Law {
    let mut x = json!({"userName": "ann@corp.example", "displayName": "Ann"});
    let mut at = &mut x;
    for name in steps(leaf) {
        at = &mut at[name];
    }
    *at = value.clone();
    let user = world.said(&x, Operation::Create)?;
    let lowered = world.pair.create(&user).map_err(|fault| fault.detail)?;
    let stored = object(text(&lowered.object));
    let back = text(&world.pair.lift(&stored).object);
    let is = steps(leaf).into_iter().try_fold(&back, |at, name| at.get(name));
    if is == Some(value) { Ok(()) } else { Err(format!("{leaf} is {is:?}, not {value}")) }
}

fn user() -> Json {
    json!({
        "userName": "ann@corp.example", "displayName": "Ann Lee", "active": true,
        "emails": [
            {"value": "a@home.example", "type": "home"},
            {"value": "a@corp.example", "type": "work"},
            {"value": "a@else.example", "primary": true},
        ],
    })
}

fn kept() -> Json {
    json!({
        "userName": "ann@corp.example", "title": "Engineer",
        "emails": [{"value": "a@corp.example", "primary": true}],
        (PINGONE_USER): {"population": {"id": POPULATION}},
    })
}

fn renamed(place: &mut Place, name: &str) {
    place.members = vec![name.to_owned()];
}

#[test]
fn a_map_to_another_place() {
    let swapped = |rules: &mut Rules| renamed(&mut rules.maps[0].vendor, "phoneNumbers");
    only_the_twin_breaks(("scim", "pingone"), swapped, |w| laws::create(w, &user()));
    only_the_twin_breaks(("scim", "pingone"), swapped, schema);
}

#[test]
fn a_pick_that_takes_another_element() {
    let first = |rules: &mut Rules| rules.maps[0].pick = vec![Pick::First];
    only_the_twin_breaks(("scim", "pingone"), first, |w| laws::create(w, &user()));
}

#[test]
fn a_rule_that_is_not_there() {
    let none = |rules: &mut Rules| rules.maps.clear();
    let x = json!({
        "userName": "ann", "urn:scim-gateway:dialect:descope:2.0:User": {"tier": "gold"}
    });
    only_the_twin_breaks(("scim", "descope"), none, |w| laws::create(w, &x));
}

#[test]
fn a_value_table_whose_pre_image_is_another_value() {
    let table = |pairs: &str| {
        format!(
            "[[map]]\ncanonical = \"$.active\"\nvendor = \"$.title\"\nvalues = [{pairs}]\nloss = \"x\""
        )
    };
    let right = table(r#"[true, "on"], [false, "off"], [false, "locked"]"#);
    let wrong = table(r#"[true, "off"], [false, "off"], [true, "on"]"#);
    only_the_second_breaks(("scim", "descope"), (&right, &wrong), |w| {
        carries(w, "active", &json!(true))?;
        carries(w, "active", &json!(false))
    });
}

#[test]
fn a_value_table_that_is_no_table() {
    let map = "[[map]]\ncanonical = \"$.active\"\nvendor = \"$.title\"";
    let right = format!(
        "{map}\nvalues = [[true, \"on\"], [false, \"off\"], [false, \"locked\"]]\nloss = \"x\""
    );
    let locked = json!({"userName": "ann", "title": "locked"});
    // A status that the client cannot say stays while the client says what it was shown.
    only_the_second_breaks(("scim", "descope"), (&right, map), |w| {
        laws::get_put(w, &locked).and_then(|()| carries(w, "active", &json!(false)))
    });
}

#[test]
fn a_conversion_that_does_not_convert() {
    let map = "[[map]]\ncanonical = \"$.active\"\nvendor = \"$.title\"";
    let right = format!("{map}\nconvert = \"boolean_text\"");
    only_the_second_breaks(("scim", "descope"), (&right, map), |w| {
        carries(w, "active", &json!(false))
    });
}

#[test]
fn a_sticky_rule_that_lets_go() {
    let kept_in = |sticky| {
        move |rules: &mut Rules| {
            let text = "[[map]]\ncanonical = \"$.nickName\"\nvendor = \"$.nickName\"\n";
            rules.maps.extend(overlay(&format!("{text}sticky = {sticky}\n")).maps);
        }
    };
    let silent = json!({"userName": "ann@corp.example"});
    let stays = |w: &World| {
        let v = json!({"userName": "ann@corp.example", "nickName": "Ann"});
        let (after, _) = w.put(&silent, &v, false)?;
        if after["nickName"] == "Ann" { Ok(()) } else { Err(format!("let go: {after}")) }
    };
    assert_eq!(stays(&World::twin("scim", "pingone", kept_in(true))), Ok(()));
    assert!(stays(&World::twin("scim", "pingone", kept_in(false))).is_err());
}

#[test]
fn a_fill_of_another_source() {
    let x = json!({"userName": "ann@corp.example", "name": {"formatted": "Ann Lee"}});
    let last = |rules: &mut Rules| rules.fills[0].from.reverse();
    only_the_twin_breaks(("scim", "omni"), last, |w| laws::create(w, &x));
    only_the_twin_breaks(("scim", "omni"), |rules| rules.fills.clear(), |w| laws::create(w, &x));
}

#[test]
fn a_fill_over_what_was_said() {
    let over = |rules: &mut Rules| {
        let target = SetTarget::Vendor(rules.fills[0].vendor.clone());
        let origin = rules.fills[0].origin.clone();
        let value = SetValue::Constant(json!("Made Up").into());
        rules.sets.push(Set { target, value, when: None, always: true, render: false, origin });
    };
    only_the_twin_breaks(("scim", "omni"), over, |w| laws::create(w, &user()));
}

#[test]
fn a_set_over_what_was_said() {
    let over = |rules: &mut Rules| {
        let set = rules.sets.iter_mut().find(|set| matches!(set.target, SetTarget::Vendor(_)));
        let set = set.expect("the population's");
        set.value = SetValue::Constant(json!("0f1e2d3c-0ff5-4f60-ae82-4ae65d9d0e3a").into());
        set.always = true;
    };
    let x = json!({"userName": "ann", (PINGONE_USER): {"population": {"id": POPULATION}}});
    only_the_twin_breaks(("scim", "pingone"), over, |w| laws::create(w, &x));
}

#[test]
fn a_set_of_another_value_in_answers() {
    let home = |rules: &mut Rules| {
        for set in &mut rules.sets {
            if matches!(set.target, SetTarget::Canonical(_)) {
                set.value = SetValue::Constant(json!("home").into());
            }
        }
    };
    only_the_twin_breaks(("scim", "pingone"), home, |w| laws::view(w, &kept()));
    only_the_twin_breaks(("scim", "pingone"), |rules| rules.sets.clear(), schema);
}

/// The golden overlay: department is enterprise's, and nobody reaches Omni's own but through it.
#[test]
fn an_overlay_that_does_not_shadow() {
    let map = |key: &str| {
        format!(
            "[[map]]\ncanonical = \"$['{ENTERPRISE}'].department\"\nvendor = \"$['{OMNI_ATTRIBUTES}'].{key}\""
        )
    };
    only_the_second_breaks(("scim", "omni"), (&map("department"), &map("dept")), |w| {
        carries(w, &format!("{ENTERPRISE}.department"), &json!("Sales"))?;
        match carries(w, &format!("{OMNI_ATTRIBUTES}.department"), &json!("Sales")) {
            Ok(()) => Err("two ways lead to one place".to_owned()),
            Err(_) => Ok(()),
        }
    });
}

/// A put that does not look at what is there.
#[test]
fn a_put_that_clears_what_the_client_cannot_see() {
    let world = World::new("omni", "pingone");
    let c = json!({"userName": "ann@corp.example", "displayName": "Ann", "active": true});
    assert_eq!(laws::put_get(&world, &c, &kept()), Ok(()));
    let user = world.said(&c, Operation::Replace).expect("a right user");
    let bare = world.pair.replace(&user).expect("a right replacement");
    let after = heard("pingone", &text(&bare.object));
    let law = super::oracle_put::check(("omni", "pingone"), &c, &kept(), &after, false);
    assert!(law.is_err(), "the law does not see the twin");
}

/// A put that forgets what an element has beside what the client says of it.
#[test]
fn a_put_that_does_not_align() {
    let pair = ("descope", "scim");
    let world = World::new(pair.0, pair.1);
    let v = json!({"userName": "ann", "emails": [{"value": "a@x.example", "display": "Ann"}]});
    let c = json!({"userName": "ann", "emails": [{"value": "a@x.example", "type": "home"}]});
    assert_eq!(laws::put_get(&world, &c, &v), Ok(()));
    assert!(super::oracle_put::check(pair, &c, &v, &c, false).is_err());
}

/// A filter that finds by a rule's wrong constant.
#[test]
fn a_filter_asked_of_a_wrong_view() {
    let filter = "filter=emails%5Btype%20eq%20%22work%22%5D";
    let finds = |world: &World| -> Law {
        let query = world.pair.query(Some(filter)).map_err(|fault| fault.detail)?;
        let plan = world.pair.plan_list(query).map_err(|fault| fault.detail)?;
        let body = json!({"id": "1", "userName": "a", "emails": [{"value": "a@x.example"}]});
        let stored =
            scim_gateway::gateway::view::Stored { object: object(body), ..Default::default() };
        match world.pair.satisfies(&stored, &plan.truth) {
            true => Ok(()),
            false => Err("not found".to_owned()),
        }
    };
    only_the_twin_breaks(("scim", "pingone"), |rules| rules.sets.clear(), finds);
}
