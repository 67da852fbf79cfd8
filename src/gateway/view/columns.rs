//! `attributes` and `excludedAttributes` toward an upstream that honours them (RFC 7644 section 3.9): in
//! its words, with all that the answer, the filter and the order are made of.
//!
//! What is not sure to be left out is asked for; the client's own projection is applied in any case.

use crate::gateway::pair::{Pair, overlap, path, same};
use crate::scim::filter::Filter;
use crate::scim::projection::Projection;
use crate::scim::query::{Sort, encode};
use crate::scim::schema::{Returned, Schema, attribute_at, is_urn};

/// What of each resource the upstream is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// `attributes`, or `excludedAttributes`.
    pub parameter: &'static str,
    /// Attribute paths in the upstream's words; never empty.
    pub names: Vec<String>,
}

impl Columns {
    /// The query string of a read.
    pub fn query(&self) -> String {
        encode(&[(self.parameter, &self.names.join(","))])
    }
}

impl Pair {
    /// What a read needs whose answer is projected, and which is sifted and ordered so; `None` where
    /// the whole resource is read.
    pub fn columns(
        &self,
        projection: &Projection,
        test: Option<&Filter>,
        sort: Option<&Sort>,
    ) -> Option<Columns> {
        if !self.upstream_resource.projection {
            return None;
        }
        let mut paths: Vec<_> = test.map(Filter::paths).unwrap_or_default();
        paths.extend(sort.map(|sort| sort.by.clone()));
        let needed: Vec<Vec<String>> =
            paths.iter().map(|path| path.members().map(str::to_owned).collect()).collect();
        let (parameter, names) = match projection {
            Projection::Default => return None,
            Projection::Only(paths) => {
                let asked = paths.iter().map(|path| path.members().map(str::to_owned).collect());
                ("attributes", self.only(asked.chain(needed).collect())?)
            }
            Projection::Without(paths) => {
                let out = paths.iter().map(|path| path.members().map(str::to_owned).collect());
                ("excludedAttributes", self.without(&out.collect::<Vec<_>>(), &needed))
            }
        };
        let names: Vec<String> = names.iter().map(|names| path(names).to_string()).collect();
        (!names.is_empty()).then_some(Columns { parameter, names })
    }

    /// The upstream's attributes that feed these of the client's; `None` where they cannot be named.
    fn only(&self, mut wanted: Vec<Vec<String>>) -> Option<Vec<Vec<String>>> {
        let mut found: Vec<Vec<String>> = Vec::new();
        let meta =
            |names: &Vec<String>| names.first().is_some_and(|n| n.eq_ignore_ascii_case("meta"));
        let versions = self.upstream_resource.etag || wanted.iter().any(meta);
        let always = self.client.vendor.attributes.iter();
        let always = always.filter(|attribute| attribute.returned == Returned::Always);
        wanted.extend(always.map(|attribute| vec![attribute.name.clone()]));
        for names in wanted {
            let rows = || self.feeds.to(&names).filter_map(|row| row.upstream.as_ref());
            let named = |from: &&Vec<String>| from.first().is_some_and(|name| name != "*");
            // A free key stands for an extension only where nothing else does.
            if rows().next().is_some() && !rows().any(|from| named(&from)) {
                return None;
            }
            for from in rows().filter(named) {
                let top = top(from);
                if top.iter().any(|name| name == "*") {
                    return None;
                }
                if !found.iter().any(|known| same(known, &top)) {
                    found.push(top);
                }
            }
        }
        if found.is_empty() {
            return None;
        }
        found.extend(versions.then(|| vec!["meta".to_owned()]));
        Some(found)
    }

    /// The upstream's attributes that feed nothing but what is left out.
    fn without(&self, out: &[Vec<String>], needed: &[Vec<String>]) -> Vec<Vec<String>> {
        let mut tops: Vec<Vec<String>> = Vec::new();
        for from in self.feeds.rows.iter().filter_map(|row| row.upstream.as_ref()) {
            let top = top(from);
            let free = top.iter().any(|name| name == "*");
            if !free && !tops.iter().any(|known| same(known, &top)) {
                tops.push(top);
            }
        }
        let left_out = |client: &[String]| {
            out.iter().any(|out| out.len() <= client.len() && overlap(out, client))
                && !is_always(&self.client.vendor, client)
        };
        tops.retain(|top| {
            let rows = || {
                let fed = move |from: &Vec<String>| overlap(top, from);
                self.feeds.rows.iter().filter(move |row| row.upstream.as_ref().is_some_and(fed))
            };
            rows()
                .all(|row| left_out(&row.client) && !needed.iter().any(|n| overlap(n, &row.client)))
                && !is_always(&self.upstream.vendor, top)
        });
        tops
    }
}

/// The attribute that a place lies in.
fn top(names: &[String]) -> Vec<String> {
    let depth = if names.first().is_some_and(|name| is_urn(name)) { 2 } else { 1 };
    names.iter().take(depth).cloned().collect()
}

fn is_always(schema: &Schema, names: &[String]) -> bool {
    (1..=names.len()).any(|depth| {
        let found = names.get(..depth).and_then(|names| attribute_at(&schema.attributes, names));
        found.is_some_and(|attribute| attribute.returned == Returned::Always)
    })
}
