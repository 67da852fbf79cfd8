//! The people that a demonstration begins with, each in its vendor's own form. README.md's is the first
//! of those that it shows.

use serde_json::{Value, json};

use super::attributes::ATTRIBUTES;
use super::options::{Options, Vendor};
use super::pingone::EXTENSION;
use super::service::Sandbox;

impl Sandbox {
    /// A sandbox with two people and, where the vendor has groups, one group of both. They, their ids and
    /// their times are the same in every run; none of them has hidden attributes.
    pub fn with_people(vendor: Vendor) -> Self {
        let sandbox = Self::new(vendor, Options { hidden: json!({}), ..Options::of(vendor) });
        let people: Vec<(String, &str)> = people(vendor)
            .into_iter()
            .zip(["Ann Lee", "Bo Diaz"])
            .map(|(person, name)| (sandbox.seed(person), name))
            .collect();
        // As each vendor writes a group's id; one has no groups.
        let group = match vendor {
            Vendor::PingOne => None,
            Vendor::Omni => Some("d3a1f0c2"),
            Vendor::Descope => Some("R4d7f2b8e0c6a5193"),
            Vendor::Scim => Some("5e1c7a90-2f4b-4d83-9a6e-b0d8f3172c45"),
        };
        if let Some(id) = group {
            let members: Vec<Value> =
                people.iter().map(|(id, name)| json!({"value": id, "display": name})).collect();
            let name = "Engineering";
            sandbox.seed_group(json!({"id": id, "displayName": name, "members": members}));
        }
        sandbox.hide(Options::of(vendor).hidden);
        sandbox
    }
}

fn people(vendor: Vendor) -> [Value; 2] {
    match vendor {
        Vendor::Omni => [
            json!({
                "userName": "ann.lee@corp.example", "displayName": "Ann Lee", "active": true,
                ATTRIBUTES: {"department": "Engineering"},
            }),
            json!({"userName": "bo.diaz@corp.example", "displayName": "Bo Diaz", "active": true}),
        ],
        Vendor::PingOne => {
            let population = json!({"population": {"id": Options::of(vendor).pingone_population}});
            [
                json!({
                    "userName": "ann.lee@corp.example",
                    "active": false,
                    "name": {"givenName": "Ann", "familyName": "Li", "honorificPrefix": "Dr."},
                    "emails": [{"value": "ann@corp.example", "primary": true}],
                    "phoneNumbers": [{"value": "+1.5550100", "type": "primary", "primary": true}],
                    EXTENSION: population,
                }),
                json!({
                    "userName": "bo.diaz@corp.example",
                    "active": true,
                    "name": {"givenName": "Bo", "familyName": "Diaz"},
                    "emails": [{"value": "bo.diaz@corp.example", "primary": true}],
                    EXTENSION: population,
                }),
            ]
        }
        Vendor::Descope | Vendor::Scim => {
            [("Ann", "Lee"), ("Bo", "Diaz")].map(|(given, family)| {
                let address = format!("{given}.{family}@corp.example").to_lowercase();
                json!({
                    "userName": address,
                    "displayName": format!("{given} {family}"),
                    "name": {"givenName": given, "familyName": family},
                    "emails": [{"value": address, "primary": true, "type": "work"}],
                    "active": true,
                })
            })
        }
    }
}
