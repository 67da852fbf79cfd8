//! The committed floors: `carried/<client>-<upstream>.txt` lists the canonical leaves that a client's
//! requests carry to the upstream and back. A list may shrink only in a commit that says why.
//!
//! A line is a leaf, `<object>.*` for all free keys, or `urn:*` for all extensions; ` pick` behind it
//! says that one of several elements is kept, ` secret` that it is never answered.

use std::collections::BTreeSet;
use std::path::Path;

use super::oracle::pairs;
use super::tables::{DESCOPE_ATTRIBUTES, How, OMNI_ATTRIBUTES, PINGONE_USER, holds, how};

/// The lines of the pair's file.
pub fn carried(client: &str, upstream: &str) -> Vec<String> {
    let file = format!("tests/laws/carried/{client}-{upstream}.txt");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&file);
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{file}: {error}"));
    text.lines().map(str::to_owned).collect()
}

/// What both tables hold.
fn predicted(client: &str, upstream: &str) -> Vec<String> {
    let narrow = |leaf: &'static str| match leaf {
        // An open client carries what the other's table lists.
        "urn:*" if upstream != "scim" => holds(upstream)
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| name.starts_with("urn:"))
            .collect(),
        leaf => vec![leaf],
    };
    let leaves = holds(client).iter().flat_map(|(leaf, _)| narrow(leaf));
    let lines = leaves.filter_map(|leaf| {
        let ways = [how(client, leaf), how(upstream, leaf)];
        let both = ways.iter().all(Option::is_some);
        let has = |way| ways.contains(&Some(way));
        let note = match (has(How::Picked), has(How::Secret)) {
            (true, _) => " pick",
            (_, true) => " secret",
            _ => "",
        };
        both.then(|| format!("{leaf}{note}"))
    });
    lines.collect::<BTreeSet<_>>().into_iter().collect()
}

#[test]
fn every_list_is_what_the_vendors_tables_say() {
    for (client, upstream) in pairs() {
        assert_eq!(
            carried(client, upstream),
            predicted(client, upstream),
            "{client} -> {upstream}"
        );
    }
}

/// Law 8: floors that cannot be met by declaring everything lost.
#[test]
fn floors() {
    let floors: [(&str, &[&str]); 3] = [
        ("omni", &["userName", "displayName", "active"]),
        ("pingone", &PINGONE),
        ("descope", &DESCOPE),
    ];
    for (upstream, leaves) in floors {
        for client in [upstream, "scim"] {
            let lines = carried(client, upstream);
            for leaf in leaves {
                assert!(
                    lines.iter().any(|line| line == leaf),
                    "{client} -> {upstream} lost {leaf}"
                );
            }
        }
    }
    let free = |urn: &str| format!("{urn}.*");
    assert!(carried("scim", "omni").contains(&free(OMNI_ATTRIBUTES)));
    assert!(carried("omni", "omni").contains(&free(OMNI_ATTRIBUTES)));
    assert!(carried("scim", "descope").contains(&free(DESCOPE_ATTRIBUTES)));
    assert!(carried("scim", "pingone").contains(&format!("{PINGONE_USER}.population.id")));
}

/// Every property of PingOne's table of user attributes but `password`.
const PINGONE: [&str; 23] = [
    "addresses.country pick",
    "addresses.formatted pick",
    "addresses.locality pick",
    "addresses.postalCode pick",
    "addresses.region pick",
    "addresses.streetAddress pick",
    "emails.value pick",
    "externalId",
    "locale",
    "name.familyName",
    "name.formatted",
    "name.givenName",
    "name.honorificPrefix",
    "name.honorificSuffix",
    "name.middleName",
    "nickName",
    "phoneNumbers.value pick",
    "photos.value pick",
    "preferredLanguage",
    "timezone",
    "title",
    "urn:pingidentity:schemas:extension:2.0:PingOneUser.population.id",
    "userName",
];

/// Every field of the request body that Descope documents.
const DESCOPE: [&str; 10] = [
    "active",
    "displayName",
    "emails.primary",
    "emails.type",
    "emails.value",
    "name.familyName",
    "name.givenName",
    "name.middleName",
    "title",
    "userName",
];
