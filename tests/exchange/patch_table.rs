//! The PATCH shapes and what becomes of them (Okta's, Entra's, and RFC 7644 section 3.5.2). The
//! ones with a single PATCH are those that must be rewritten natively.

use serde_json::{Value as Json, json};

pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// One PATCH body's operations and what becomes of them.
pub struct Case {
    pub name: &'static str,
    pub operations: Json,
    /// Leaves and their values afterwards, wherever the upstream can hold them.
    pub after: Vec<(&'static str, Json)>,
    /// The methods of the calls, per upstream (scim, omni, pingone, descope); or the status and `scimType` of a
    /// refusal.
    pub calls: [&'static str; 4],
}

fn case(
    name: &'static str,
    operations: Json,
    after: Vec<(&'static str, Json)>,
    calls: [&'static str; 4],
) -> Case {
    Case { name, operations, after, calls }
}

pub fn cases() -> Vec<Case> {
    [okta(), entra(), adds(), removals(), replacements(), refusals()]
        .into_iter()
        .flatten()
        .collect()
}

/// One PATCH wherever the upstream takes that form; Descope has no documented PATCH.
const NATIVE: [&str; 4] = ["PATCH", "PATCH", "PATCH", "GET PUT"];

fn okta() -> Vec<Case> {
    vec![
        case(
            "deactivate, pathless",
            json!([{"op": "replace", "value": {"active": false}}]),
            vec![("active", json!(false)), ("title", json!("Engineer"))],
            NATIVE,
        ),
        case(
            "profile, pathless",
            json!([{"op": "replace", "value": {"displayName": "Ann Li", "title": "Lead"}}]),
            vec![("displayName", json!("Ann Li")), ("title", json!("Lead"))],
            NATIVE,
        ),
        case(
            "password, pathless: only the plain server holds it",
            json!([{"op": "replace", "value": {"password": "n3w"}}]),
            vec![],
            ["PATCH", "GET", "GET", "GET"],
        ),
    ]
}

fn entra() -> Vec<Case> {
    let manager = format!("{ENTERPRISE}:manager");
    vec![
        case(
            "capital op, boolean as text",
            json!([{"op": "Replace", "path": "active", "value": "False"}]),
            vec![("active", json!(false))],
            NATIVE,
        ),
        case(
            "value path, element there, Add",
            json!([{"op": "Add", "path": "emails[type eq \"work\"].value",
                    "value": "ann.li@corp.example"}]),
            vec![("work", json!("ann.li@corp.example")), ("home", json!("ann@home.example"))],
            ["GET PATCH", "GET", "GET PUT", "GET PUT"],
        ),
        case(
            "value path, element missing, Add creates",
            json!([{"op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value",
                    "value": "+1.5550199"}]),
            vec![("mobile", json!("+1.5550199"))],
            ["GET PATCH", "GET", "GET PUT", "GET"],
        ),
        case(
            "value path, element missing, Replace creates",
            json!([{"op": "Replace", "path": "addresses[type eq \"work\"].formatted",
                    "value": "1 Way\nAustin"}]),
            vec![("formatted address", json!("1 Way\nAustin"))],
            ["GET PATCH", "GET", "GET PUT", "GET"],
        ),
        case(
            "pathless with dotted and URN-colon keys",
            json!([{"op": "replace", "value": {
                "displayName": "A", "name.givenName": "B",
                format!("{ENTERPRISE}:employeeNumber"): "7"
            }}]),
            vec![
                ("displayName", json!("A")),
                ("name.givenName", json!("B")),
                ("name.familyName", json!("Lee")),
                ("employeeNumber", json!("7")),
                ("department", json!("R&D")),
            ],
            NATIVE,
        ),
        case(
            "manager as text",
            json!([{"op": "Add", "path": manager, "value": "26118915"}]),
            vec![("manager", json!("26118915")), ("department", json!("R&D"))],
            ["PATCH", "GET", "GET", "GET"],
        ),
        case(
            "manager as array",
            json!([{"op": "Add", "path": manager, "value": [{"$ref": null, "value": "26118915"}]}]),
            vec![("manager", json!("26118915"))],
            ["PATCH", "GET", "GET", "GET"],
        ),
        case(
            "name is merged",
            json!([{"op": "Replace", "path": "name", "value": {"familyName": "Li"}}]),
            vec![("name.familyName", json!("Li")), ("name.givenName", json!("Ann"))],
            ["PATCH", "GET", "PATCH", "GET PUT"],
        ),
        case(
            "removal with values",
            json!([{"op": "Remove", "path": "emails", "value": [{"value": "ann@home.example"}]}]),
            vec![("home", Json::Null), ("work", json!("ann@corp.example"))],
            ["PATCH", "GET", "GET", "GET PUT"],
        ),
        case(
            "role by a predicate with text for a boolean",
            json!([{"op": "Add", "path": "roles[primary eq \"True\"].value", "value": "admin"}]),
            vec![("role", json!("admin"))],
            ["GET PATCH", "GET", "GET", "GET"],
        ),
    ]
}

fn adds() -> Vec<Case> {
    let emails = json!([{"value": "ann@club.example", "type": "other"}]);
    vec![
        case(
            "add with a path",
            json!([{"op": "add", "path": "title", "value": "Lead"}]),
            vec![("title", json!("Lead"))],
            ["PATCH", "GET", "PATCH", "GET PUT"],
        ),
        case(
            "add a sub-attribute",
            json!([{"op": "add", "path": "name.middleName", "value": "C"}]),
            vec![("name.middleName", json!("C")), ("name.givenName", json!("Ann"))],
            ["PATCH", "GET", "PATCH", "GET PUT"],
        ),
        case(
            "add elements",
            json!([{"op": "add", "path": "emails", "value": emails}]),
            vec![("emails", json!(3)), ("work", json!("ann@corp.example"))],
            ["PATCH", "GET", "GET", "GET PUT"],
        ),
        case(
            "add elements that are there",
            json!([{"op": "add", "path": "emails",
                    "value": [{"value": "ann@home.example", "type": "home"}]}]),
            vec![("emails", json!(2))],
            ["PATCH", "GET", "GET", "GET"],
        ),
        case(
            "add an extension, pathless",
            json!([{"op": "add", "value": {ENTERPRISE: {"employeeNumber": "7"}}}]),
            vec![("employeeNumber", json!("7")), ("department", json!("R&D"))],
            ["PATCH", "GET", "GET", "GET"],
        ),
        case(
            "operations build on each other",
            json!([
                {"op": "add", "path": "emails[type eq \"other\"].value", "value": "a@b.example"},
                {"op": "remove", "path": "emails[type eq \"other\"]"},
                {"op": "replace", "path": "title", "value": "Lead"}
            ]),
            vec![("emails", json!(2)), ("title", json!("Lead"))],
            ["GET PATCH", "GET", "GET PATCH", "GET PUT"],
        ),
    ]
}

fn removals() -> Vec<Case> {
    vec![
        case(
            "remove an attribute",
            json!([{"op": "remove", "path": "title"}]),
            vec![("title", Json::Null)],
            ["PATCH", "GET", "PATCH", "GET PUT"],
        ),
        case(
            "remove a sub-attribute",
            json!([{"op": "remove", "path": "name.middleName"}]),
            vec![("name.middleName", Json::Null), ("name.givenName", json!("Ann"))],
            ["PATCH", "GET", "PATCH", "GET PUT"],
        ),
        case(
            "remove by a predicate",
            json!([{"op": "remove", "path": "emails[type eq \"home\"]"}]),
            vec![("home", Json::Null), ("work", json!("ann@corp.example"))],
            ["GET PATCH", "GET", "GET", "GET PUT"],
        ),
        case(
            "remove all elements",
            json!([{"op": "remove", "path": "emails"}]),
            vec![("emails", json!(0)), ("work", Json::Null)],
            ["PATCH", "GET", "GET PUT", "GET PUT"],
        ),
        case(
            "remove an extension",
            json!([{"op": "remove", "path": ENTERPRISE}]),
            vec![("department", Json::Null)],
            ["GET PATCH", "GET", "GET", "GET"],
        ),
    ]
}

fn replacements() -> Vec<Case> {
    let other = json!([{"value": "ann@club.example", "type": "work", "primary": true}]);
    vec![
        case(
            "replace all elements",
            json!([{"op": "replace", "path": "emails", "value": other}]),
            vec![("emails", json!(1)), ("work", json!("ann@club.example"))],
            // What a plain server knows of an address beside what its schema lists is not replaced unread.
            ["GET PATCH", "GET", "GET PUT", "GET PUT"],
        ),
        case(
            "replace one element by a predicate",
            json!([{"op": "replace", "path": "emails[value eq \"ann@home.example\"]",
                    "value": {"value": "ann@flat.example", "type": "home"}}]),
            vec![("home", json!("ann@flat.example")), ("work", json!("ann@corp.example"))],
            ["GET PATCH", "GET", "GET", "GET PUT"],
        ),
        case(
            "replace with null removes",
            json!([{"op": "replace", "path": "title", "value": null}]),
            vec![("title", Json::Null)],
            ["PATCH", "GET", "PATCH", "GET PUT"],
        ),
        case(
            "replace with what is there",
            json!([{"op": "replace", "path": "emails[type eq \"work\"].value",
                    "value": "ann@corp.example"}]),
            vec![("work", json!("ann@corp.example"))],
            ["GET", "GET", "GET", "GET"],
        ),
        case(
            "full URN of the core schema",
            json!([{"op": "replace",
                    "path": "urn:ietf:params:scim:schemas:core:2.0:User:displayName",
                    "value": "Ann Li"}]),
            vec![("displayName", json!("Ann Li"))],
            ["PATCH", "PATCH", "GET", "GET PUT"],
        ),
    ]
}

fn refusals() -> Vec<Case> {
    let everywhere =
        |name, operations, refusal: &'static str| case(name, operations, Vec::new(), [refusal; 4]);
    let title = json!({"op": "replace", "path": "title", "value": "Lead"});
    vec![
        everywhere("remove without a path", json!([{"op": "remove"}]), "400 noTarget"),
        everywhere(
            "one wrong operation refuses all",
            json!([title, {"op": "replace", "path": "emails[", "value": "x"}]),
            "400 invalidPath",
        ),
        everywhere(
            "a readOnly attribute",
            json!([{"op": "add", "path": "groups", "value": [{"value": "1"}]}]),
            "400 mutability",
        ),
        everywhere(
            "the id",
            json!([{"op": "replace", "path": "id", "value": "1"}]),
            "400 mutability",
        ),
        everywhere(
            "no boolean",
            json!([{"op": "replace", "path": "active", "value": "perhaps"}]),
            "400 invalidValue",
        ),
        everywhere(
            "no operation that there is",
            json!([{"op": "move", "path": "title"}]),
            "400 invalidSyntax",
        ),
        case(
            "a user name that is no address",
            json!([{"op": "replace", "path": "userName", "value": "ann"}]),
            vec![("userName", json!("ann"))],
            ["PATCH", "400 invalidValue", "PATCH", "GET PUT"],
        ),
        case(
            "removing what is always there",
            json!([{"op": "remove", "path": "active"}]),
            Vec::new(),
            ["PATCH", "400 mutability", "400 mutability", "400 mutability"],
        ),
        case(
            "removing what is required",
            json!([{"op": "remove", "path": "userName"}]),
            Vec::new(),
            ["400 mutability"; 4],
        ),
    ]
}
