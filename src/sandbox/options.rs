//! Which vendor a sandbox plays, and what a test may choose about it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::attributes::{self, OmniKind};

/// Whose SCIM service a sandbox plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vendor {
    Omni,
    PingOne,
    Descope,
    /// A full RFC 7643/7644 server.
    Scim,
}

/// How the resource segment of a path is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathCase {
    /// `users`
    Lower,
    /// `Users`
    Capital,
}

/// What a test may choose. Fields with a vendor's name in front matter to that vendor only.
#[derive(Clone)]
pub struct Options {
    /// The bearer token that is accepted; `None` for every token of the vendor's form.
    pub token: Option<String>,
    /// The time of the first write; each later write is one second after the one before.
    pub start: Timestamp,
    /// Attributes that every new user gets beside what the client said (a JSON object).
    pub hidden: Value,
    /// Scheme and authority in `meta.location`, without a slash at the end.
    pub public_url: String,
    /// Resources on a page if the client does not say, and the most on one page.
    pub page: usize,
    /// A `filter` is checked and then not applied, as some instances do.
    pub ignore_filters: bool,
    pub omni_path_case: PathCase,
    /// The user attributes that an administrator has defined, by reference.
    pub omni_attributes: BTreeMap<String, OmniKind>,
    pub pingone_environment: String,
    /// The environment's default population.
    pub pingone_population: String,
    /// `totalResults` counts only what the page holds instead of all matches.
    pub pingone_capped_total: bool,
    /// A user is answered as `{"user": …}`.
    pub descope_envelope: bool,
    /// `active` is left out of an answer where it is false, as proto3's JSON form allows.
    pub descope_omits_false: bool,
    /// Lists are paged by cursor only (RFC 9865), and an index is refused.
    pub scim_cursors: bool,
    /// The id of the user that `/Me` is; without one it is not implemented.
    pub scim_me: Option<String>,
    /// The most requests that are remembered; older ones are forgotten.
    pub remember: usize,
}

impl Vendor {
    pub const ALL: [Self; 4] = [Self::Omni, Self::PingOne, Self::Descope, Self::Scim];

    pub fn name(self) -> &'static str {
        match self {
            Self::Omni => "omni",
            Self::PingOne => "pingone",
            Self::Descope => "descope",
            Self::Scim => "scim",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vendor| vendor.name() == name)
    }
}

impl Options {
    /// What the vendor does unless a test says otherwise.
    pub fn of(vendor: Vendor) -> Self {
        Self {
            token: None,
            // 2026-01-01T00:00:00Z
            start: Timestamp::from_second(1_767_225_600).unwrap_or(Timestamp::UNIX_EPOCH),
            hidden: hidden(vendor),
            public_url: public_url(vendor).to_owned(),
            page: if vendor == Vendor::PingOne { 200 } else { 100 },
            ignore_filters: false,
            omni_path_case: PathCase::Lower,
            omni_attributes: attributes::definitions(),
            pingone_environment: "abfba8f6-49eb-49f5-a5d9-80ad5c98f9f6".to_owned(),
            pingone_population: "cb3ef0a0-0ff5-4f60-ae82-4ae65d9d0e3a".to_owned(),
            pingone_capped_total: false,
            descope_envelope: true,
            descope_omits_false: false,
            scim_cursors: false,
            scim_me: None,
            remember: 1_000,
        }
    }
}

fn hidden(vendor: Vendor) -> Value {
    match vendor {
        Vendor::Omni => json!({"urn:omni:params:1.0:UserAttribute": {"internal_note": "keep"}}),
        Vendor::PingOne => json!({
            "preferredLanguage": "fr",
            "locale": "fr-CH",
        }),
        Vendor::Descope => json!({"attributes": {"tier": "gold"}, "title": "Keeper"}),
        Vendor::Scim => json!({
            "nickName": "Keeper",
            "urn:example:params:scim:schemas:extension:hidden:2.0:User":
                {"badge": "B-7", "costCentre": "CC-1"},
        }),
    }
}

fn public_url(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Omni => "https://acme.omniapp.co",
        Vendor::PingOne => "https://scim-api.pingone.com",
        Vendor::Descope => "https://api.descope.com",
        Vendor::Scim => "https://directory.example",
    }
}
