//! Groups: Omni's four forms of PATCH, Descope's, and the plain server's.

use http::Method;
use scim_gateway::sandbox::Vendor;
use serde_json::json;

use crate::support::Service;

const OMNI: &str = "/api/scim/v2/groups";
const PLAIN: &str = "/scim/v2/Groups";
const NAMES: [&str; 2] = ["a@corp.example", "b@corp.example"];

/// An Omni with two users: the service and their ids.
fn omni() -> (Service, Vec<String>) {
    let omni = Service::with(Vendor::Omni, |options| options.hidden = json!({}));
    let create = |name: &&str| {
        omni.post("/api/scim/v2/users", json!({"userName": name, "displayName": "U"})).id()
    };
    let ids = NAMES.iter().map(create).collect();
    (omni, ids)
}

#[test]
fn an_omni_group_has_a_short_id_and_named_members() {
    let (omni, ids) = omni();
    let group = omni.post(OMNI, json!({"displayName": "Ops", "members": [{"value": ids[0]}]}));
    assert_eq!((group.status, group.id().len()), (201, 8));
    assert_eq!(group.body["members"], json!([{"value": ids[0], "display": NAMES[0]}]));
    let user = omni.get(&format!("/api/scim/v2/users/{}", ids[0])).body;
    assert_eq!(user["groups"], json!([{"value": group.id(), "display": "Ops"}]));
    let bare = omni.get(&format!("{OMNI}?excludedAttributes=members")).body;
    assert_eq!(bare["Resources"][0].get("members"), None);
    assert_eq!(omni.post(OMNI, json!({"displayName": "Ops"})).status, 409);
    omni.delete(&format!("/api/scim/v2/users/{}", ids[0]));
    assert_eq!(omni.sandbox.groups()[0]["members"], json!([]));
    omni.clean();
}

#[test]
fn omni_takes_four_forms_of_patch() {
    let (omni, ids) = omni();
    let target = format!("{OMNI}/{}", omni.post(OMNI, json!({"displayName": "Ops"})).id());
    let answer = omni.patch(
        &target,
        json!([
            {"op": "replace", "value": {"displayName": "Dev", "id": "x"}},
            {"op": "add", "path": "members", "value": [{"value": ids[0]}, {"value": ids[1]}]},
            {"op": "Add", "path": "members", "value": [{"value": ids[0]}]},
            {"op": "remove", "path": format!("members[value eq \"{}\"]", ids[0])},
        ]),
    );
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body["members"], json!([{"value": ids[1], "display": NAMES[1]}]));
    assert_eq!(answer.body["displayName"], "Dev");
    let none = omni.patch(&target, json!([{"op": "replace", "path": "members", "value": []}]));
    assert_eq!(none.body["members"], json!([]));
    let ghost = json!([{"value": "00000000-0000-4000-8000-000000000000"}]);
    let op = json!([{"op": "add", "path": "members", "value": ghost}]);
    assert_eq!(omni.patch(&target, op).status, 400);
    omni.clean();
}

#[test]
fn omni_refuses_every_other_form() {
    for operation in [
        json!({"op": "remove", "path": "members"}),
        json!({"op": "remove", "path": "members", "value": [{"value": "x"}]}),
        json!({"op": "remove", "path": "members[value eq \"short\"]"}),
        json!({"op": "add", "path": "members", "value": [{"value": "x", "$ref": "y"}]}),
        json!({"op": "add", "value": {"displayName": "x"}}),
    ] {
        let (omni, _) = omni();
        let target = format!("{OMNI}/{}", omni.post(OMNI, json!({"displayName": "Ops"})).id());
        omni.foreign(&omni.patch(&target, json!([operation])), 400);
    }
}

#[test]
fn an_omni_replace_wants_members_with_their_names() {
    let (omni, ids) = omni();
    let target = format!("{OMNI}/{}", omni.post(OMNI, json!({"displayName": "Ops"})).id());
    let whole = json!({"displayName": "O", "members": [{"value": ids[0], "display": NAMES[0]}]});
    assert_eq!(omni.put(&target, whole).status, 200);
    omni.clean();
    let nameless = json!({"displayName": "O", "members": [{"value": ids[0]}]});
    omni.foreign(&omni.put(&target, nameless), 400);
    assert_eq!(omni.put(&target, json!({"displayName": "O"})).status, 400);
    assert_eq!(
        omni.put(&target, json!({"displayName": "x".repeat(65), "members": []})).status,
        400
    );
}

#[test]
fn descope_groups_are_updated_and_have_no_envelope() {
    let descope = Service::new(Vendor::Descope);
    let member = json!({"value": "U1", "display": "Ann"});
    let body = json!({"displayName": "Admin", "externalId": "e", "members": [member]});
    let group = descope.post(PLAIN, body);
    assert_eq!((group.status, &group.body["detail"]), (201, &json!("")));
    let target = format!("{PLAIN}/{}", group.id());
    let renamed = descope.put(&target, json!({"groupId": group.id(), "displayName": "Root"}));
    assert_eq!(renamed.body["members"], json!([member]));
    let op = json!([{"op": "remove", "path": "members[value eq \"U1\"]"}]);
    assert_eq!(descope.patch(&target, op).body["members"], json!([]));
    let found = descope.get(&format!("{PLAIN}?filter=displayName%20eq%20%22root%22")).body;
    assert_eq!(found["totalResults"], 1);
    assert_eq!(descope.delete(&target).status, 200);
    descope.clean();
    descope.foreign(&descope.post(PLAIN, json!({"displayName": "a", "schemas": []})), 400);
}

#[test]
fn descope_takes_the_patch_of_its_page_strictly() {
    let descope = Service::new(Vendor::Descope);
    let target = format!("{PLAIN}/{}", descope.post(PLAIN, json!({"displayName": "Admin"})).id());
    let id = target.rsplit('/').next().unwrap().to_owned();
    let member = json!({"value": "U1", "display": "Ann"});
    let done = descope.send(
        Method::PATCH,
        &target,
        Some(json!({"groupId": id, "operations": [
            {"op": "add", "path": "members", "valueArray": [member]},
            {"op": "replace", "valueID": id, "valueDisplayName": "Root"}]})),
        &[],
    );
    assert_eq!(
        (&done.body["members"], &done.body["displayName"]),
        (&json!([member]), &json!("Root"))
    );
    descope.clean();
    for wrong in [
        json!({"operations": [{"op": "add", "path": "members", "value": [member]}]}),
        json!({"operations": [{"op": "replace", "path": "displayName", "valueString": "a", "valueArray": []}]}),
        json!({"groupId": "other", "operations": [{"op": "replace", "path": "displayName", "valueString": "a"}]}),
        json!({"operations": []}),
    ] {
        descope.foreign(&descope.send(Method::PATCH, &target, Some(wrong), &[]), 400);
    }
}

#[test]
fn plain_groups_take_any_patch_of_the_rfc() {
    let scim = Service::new(Vendor::Scim);
    let urn = "urn:ietf:params:scim:schemas:core:2.0:Group";
    let members = json!([{"value": "1"}, {"value": "2", "type": "User"}]);
    let body = json!({"schemas": [urn], "displayName": "Ops", "members": members});
    let target = format!("{PLAIN}/{}", scim.post(PLAIN, body).id());
    let op = json!([{"op": "remove", "path": "members[value eq \"1\"]"}]);
    let answer = scim.patch(&target, op);
    assert_eq!(answer.body["members"], json!([{"value": "2", "type": "User"}]));
    let none = scim.patch(&target, json!([{"op": "remove", "path": "members"}]));
    assert_eq!(none.body.get("members"), None);
    let found = scim.get(&format!("{PLAIN}?filter=displayName%20eq%20%22ops%22"));
    assert_eq!(found.body["totalResults"], 1);
    scim.clean();
}
