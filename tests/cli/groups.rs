//! Groups in every verb: named by `--resource`, told by a document's `schemas`, and listed for each
//! route beside the users.

use serde_json::Value as Json;

use super::verbs::{run, told};

const GROUP: &str = "tests/cli/group.json";
const MEMBERS: &str = "tests/cli/members.json";

fn json(arguments: &[&str]) -> Json {
    let output = run(&[arguments, &["--format", "json"]].concat());
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_document_says_itself_that_it_is_a_group() {
    insta::assert_snapshot!(told(&["translate", "-r", "/okta/omni", GROUP]));
}

#[test]
fn a_resource_that_is_named_goes_before_what_the_document_says() {
    let group = ["translate", "-r", "/okta/omni", GROUP];
    assert!(json(&group)["call"].as_str().unwrap().ends_with("/groups"));
    let as_user = told(&[&group[..], &["--resource", "User"]].concat());
    assert!(as_user.starts_with("exit 1\n") && as_user.contains("userName"), "{as_user}");
}

#[test]
fn a_patch_tells_by_what_only_groups_have() {
    let patch = ["translate", "-r", "/okta/omni", "-o", "patch", MEMBERS];
    for more in [&[][..], &["--resource", "Group"], &["--old", GROUP]] {
        let call = json(&[&patch[..], more].concat())["call"].clone();
        assert!(call.as_str().unwrap().starts_with("PATCH /api/scim/v2/groups/"), "{call}");
    }
    let explained = json(&["explain", "-r", "/okta/omni", "--patch", MEMBERS]);
    assert_eq!(explained["plan"], "native", "{explained}");
}

/// A user has a name to show, too.
#[test]
fn the_old_resource_tells_where_a_patch_does_not() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("patch.json");
    let rename = r#"{"Operations": [{"op": "replace", "path": "displayName", "value": "Ops"}]}"#;
    std::fs::write(&file, rename).unwrap();
    let patch = ["translate", "-r", "/okta/omni", "-o", "patch", file.to_str().unwrap()];
    let unnamed = json(&patch);
    assert!(unnamed["call"].as_str().unwrap().contains("/users/"), "{unnamed}");
    let call = json(&[&patch[..], &["--old", GROUP]].concat())["call"].clone();
    assert!(call.as_str().unwrap().starts_with("PATCH /api/scim/v2/groups/"), "{call}");
}

#[test]
fn a_list_and_an_envelope_tell_by_the_resource_within() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("answer.json");
    let group = std::fs::read_to_string(GROUP).unwrap();
    let list = format!("{{\"schemas\":[],\"totalResults\":1,\"Resources\":[{group}]}}");
    for answer in [list, format!("{{\"group\":{group}}}")] {
        std::fs::write(&file, answer).unwrap();
        let name = file.to_str().unwrap();
        let told = told(&["translate", "--from", "omni", "--to", "scim", "-o", "response", name]);
        assert!(told.starts_with("exit 0\n"), "{told}");
        assert!(!told.contains("userName"), "{told}");
    }
}

#[test]
fn explain_a_group_its_patch_its_filter_and_its_path() {
    let route = ["explain", "-r", "/okta/omni"];
    let of = |more: &[&str]| told(&[&route[..], more].concat());
    let group = ["--resource", "Group"];
    let all = [
        of(&[GROUP]),
        of(&[&group[..], &["--patch", MEMBERS]].concat()),
        of(&[&group[..], &["--filter", "displayName eq \"R&D\" or externalId pr"]].concat()),
        of(&[&group[..], &["--filter", "displayName eq \"R&D\" and members.value pr"]].concat()),
        of(&[&group[..], &["--path", "members.display"]].concat()),
    ];
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn a_patch_that_would_be_refused_says_with_which_error() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("patch.json");
    let name = file.to_str().unwrap();
    let explain = |route: [&str; 4], ops: &str| {
        std::fs::write(&file, format!("{{\"Operations\":[{ops}]}}")).unwrap();
        json(&[&["explain"], &route[..], &["--patch", name]].concat())
    };
    // `userName` cannot be lost; `password` of a user has no place there and may be.
    let rename = "{\"op\":\"replace\",\"path\":\"userName\",\"value\":\"x\"}";
    let told = explain(["--from", "scim", "--to", "omni"], rename);
    assert_eq!(told["operations"][0]["fate"], "refused", "{told}");
    assert_eq!(
        (&told["plan"], &told["fault"]["scimType"]),
        (&"refused".into(), &"invalidValue".into())
    );
    let nothing = "{\"op\":\"replace\",\"path\":\"members[\",\"value\":1}";
    let told = explain(["--from", "scim", "--to", "omni"], nothing);
    assert_eq!(
        (&told["plan"], &told["fault"]["scimType"]),
        (&"refused".into(), &"invalidPath".into())
    );
}

#[test]
fn a_type_that_the_route_does_not_have_is_said_to_be_missing() {
    let told_ = told(&["translate", "-r", "/entra/pingone", GROUP]);
    assert!(told_.starts_with("exit 2\n") && told_.contains("no groups"), "{told_}");
    let losses = told(&["losses", "-r", "/entra/pingone"]);
    assert!(losses.contains("  groups\n    not on this route"), "{losses}");
    let check = json(&["check"]);
    let routes = check["routes"].as_array().unwrap();
    let pingone = routes.iter().find(|route| route["route"] == "/entra/pingone").unwrap();
    assert_eq!(pingone["resources"].as_array().unwrap().len(), 1, "{pingone}");
}

#[test]
fn losses_and_check_tell_of_both_types() {
    let losses = json(&["losses", "-r", "/okta/omni"]);
    let groups = &losses[0]["resources"][1];
    assert_eq!(groups["resource"], "Group");
    let external = |place: &&Json| place["client"] == "externalId";
    let place = groups["places"].as_array().unwrap().iter().find(external).unwrap();
    assert_eq!(place["fate"], "lost");
    let check = json(&["check"]);
    let patch = &check["routes"][0]["resources"][1]["operations"][3];
    assert_eq!((&patch["name"], &patch["says"]), (&"patch".into(), &"mixed".into()), "{patch}");
}

#[test]
fn what_is_derived_is_known_and_not_lost() {
    let told = told(&["explain", "-r", "/okta/omni", "--filter", "meta.resourceType eq \"Group\""]);
    assert!(told.contains("false  constant: known of every resource of this route"), "{told}");
    assert!(told.contains("answered: an empty list, without a call"), "{told}");
}
