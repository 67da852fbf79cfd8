//! A drawn dialect as data, and the files that say it: what the loader reads is text.

use std::fmt::Write as _;

use super::tree::Tree;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Boolean,
    Integer,
    Decimal,
    Date,
    Reference,
    Complex,
}

/// An attribute of a schema with the facts that the laws look at.
#[derive(Clone, Debug)]
pub struct Attr {
    pub name: String,
    pub kind: Kind,
    pub multi: bool,
    pub max: Option<usize>,
    pub mutability: &'static str,
    pub returned: &'static str,
    pub exact: bool,
    pub required: bool,
    pub unique: bool,
    pub canonical: Vec<&'static str>,
    pub open: bool,
    pub extension: bool,
    pub subs: Vec<Attr>,
    /// What documents say of it, where any value of its kind would not do.
    pub words: Vec<Tree>,
}

/// A place of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    pub members: Vec<String>,
    /// `[*]`, or the equality that chooses elements.
    pub element: Option<Option<(String, Tree)>>,
    pub rest: Vec<String>,
}

/// A rule: what the laws ask of it, and the lines that say all of it.
#[derive(Clone, Debug)]
pub struct Rule {
    /// `map`, `fill` or `set`.
    pub table: &'static str,
    pub canonical: Option<Place>,
    pub vendor: Option<Place>,
    /// Pairs of a `values` table, canonical first.
    pub values: Vec<(Tree, Tree)>,
    /// The other lines, as `key = value`.
    pub lines: Vec<String>,
    /// Under which words its occurrence is counted.
    pub kinds: Vec<&'static str>,
}

/// A whole dialect, with the overlays that its routes as an upstream have.
#[derive(Clone, Debug)]
pub struct Draft {
    pub name: String,
    /// Whether it is of groups; its users are plain then, and none of them is looked at.
    pub group: bool,
    pub attributes: Vec<Attr>,
    pub rules: Vec<Rule>,
    pub overlays: Vec<Vec<Rule>>,
    pub merges: bool,
    pub clear: &'static str,
    /// What the upstream is declared to filter by: attributes, each with its entry.
    pub filter: Vec<(String, String)>,
    pub connectives: bool,
    pub patch: Option<[bool; 4]>,
    /// How many operations a PATCH may have.
    pub most: usize,
}

impl Attr {
    pub fn new(name: &str, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            multi: false,
            max: None,
            mutability: "readWrite",
            returned: "default",
            exact: false,
            required: false,
            unique: false,
            canonical: Vec::new(),
            open: false,
            extension: false,
            subs: Vec::new(),
            words: Vec::new(),
        }
    }

    pub fn several(mut self) -> Self {
        self.multi = true;
        self
    }

    pub fn complex(name: &str, subs: Vec<Attr>) -> Self {
        Self { subs, ..Self::new(name, Kind::Complex) }
    }

    pub fn is_exact(&self) -> bool {
        self.exact || self.kind == Kind::Reference
    }

    /// Whether clients of these attributes tell its values apart by case.
    pub fn is_exact_to(&self, client: &[Attr]) -> bool {
        client.iter().any(|attr| attr.unique && self.unique && attr.is_exact())
    }

    /// Whether answers show it on request only.
    pub fn is_on_request(&self) -> bool {
        self.returned == "request"
    }

    /// Whether clients may write it.
    pub fn is_writable(&self) -> bool {
        self.mutability != "readOnly"
    }

    /// What `schema.toml` says of it beside its name.
    fn facts(&self) -> Vec<(&'static str, String)> {
        let kind = match self.kind {
            Kind::Text => "string",
            Kind::Boolean => "boolean",
            Kind::Integer => "integer",
            Kind::Decimal => "decimal",
            Kind::Date => "dateTime",
            Kind::Reference => "reference",
            Kind::Complex => "complex",
        };
        let subs: Vec<_> = self.subs.iter().map(Attr::inline).collect();
        let flag = || "true".to_owned();
        let facts = [
            ("type", format!("{kind:?}"), !self.extension && self.kind != Kind::Text),
            ("multiValued", flag(), self.multi),
            ("max", self.max.unwrap_or_default().to_string(), self.max.is_some()),
            ("mutability", format!("{:?}", self.mutability), self.mutability != "readWrite"),
            ("returned", format!("{:?}", self.returned), self.returned != "default"),
            ("caseExact", flag(), self.exact),
            ("uniqueness", "\"server\"".to_owned(), self.unique),
            ("required", "[\"create\", \"replace\"]".to_owned(), self.required),
            ("open", flag(), self.open),
            ("canonicalValues", format!("{:?}", self.canonical), !self.canonical.is_empty()),
            ("sub", format!("[{}]", subs.join(", ")), !self.subs.is_empty()),
        ];
        let said = facts.into_iter().filter(|(.., said)| *said);
        said.map(|(key, value, _)| (key, value)).collect()
    }

    fn inline(&self) -> String {
        let facts: String =
            self.facts().into_iter().map(|(key, value)| format!(", {key} = {value}")).collect();
        format!("{{ name = {:?}{facts} }}", self.name)
    }
}

impl Place {
    pub fn of(members: &[&str]) -> Self {
        let members = members.iter().map(|name| (*name).to_owned()).collect();
        Self { members, element: None, rest: Vec::new() }
    }

    pub fn each(array: &str, rest: &str) -> Self {
        Self { element: Some(None), rest: vec![rest.to_owned()], ..Self::of(&[array]) }
    }

    pub fn which(array: &str, (name, value): (&str, Tree), rest: &str) -> Self {
        let element = Some(Some((name.to_owned(), value)));
        Self { element, rest: vec![rest.to_owned()], ..Self::of(&[array]) }
    }

    pub fn names(&self) -> Vec<String> {
        self.members.iter().chain(&self.rest).cloned().collect()
    }

    /// As a rule writes it.
    pub fn selector(&self) -> String {
        let step = |name: &String| match name.chars().all(|c| c.is_ascii_alphanumeric()) {
            true => format!(".{name}"),
            false => format!("['{name}']"),
        };
        let element = match &self.element {
            None => String::new(),
            Some(None) => "[*]".to_owned(),
            Some(Some((name, value))) => match value {
                Tree::Text(text) => format!("[?@.{name}=='{text}']"),
                other => format!("[?@.{name}=={other}]"),
            },
        };
        let steps = |names: &[String]| names.iter().map(step).collect::<String>();
        format!("${}{element}{}", steps(&self.members), steps(&self.rest))
    }
}

impl Rule {
    pub fn map(canonical: Place, vendor: Place, kind: &'static str) -> Self {
        Self {
            table: "map",
            canonical: Some(canonical),
            vendor: Some(vendor),
            values: Vec::new(),
            lines: Vec::new(),
            kinds: vec![kind],
        }
    }

    pub fn of(
        table: &'static str,
        (canonical, vendor): (Option<Place>, Option<Place>),
        lines: Vec<String>,
        kind: &'static str,
    ) -> Self {
        Self { table, canonical, vendor, values: Vec::new(), lines, kinds: vec![kind] }
    }

    pub fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    pub fn counted(mut self, kind: &'static str) -> Self {
        self.kinds.push(kind);
        self
    }

    /// Whether it maps what every resource has.
    pub fn is_of_the_login(&self) -> bool {
        self.vendor.as_ref().is_some_and(|place| place.members == ["login"])
    }

    fn toml(&self) -> String {
        let mut text = format!("[[{}]]\n", self.table);
        let places = [("canonical", &self.canonical), ("vendor", &self.vendor)];
        for (key, place) in places.into_iter().filter_map(|(k, p)| Some((k, p.as_ref()?))) {
            let _ = writeln!(text, "{key} = \"{}\"", place.selector());
        }
        if !self.values.is_empty() {
            let pairs: Vec<_> = self.values.iter().map(|(c, v)| format!("[{c}, {v}]")).collect();
            let _ = writeln!(text, "values = [{}]", pairs.join(", "));
        }
        self.lines.iter().for_each(|line| {
            let _ = writeln!(text, "{line}");
        });
        text
    }
}

fn rules(rules: &[Rule]) -> String {
    rules.iter().map(|rule| format!("\n{}", rule.toml())).collect()
}

/// The schema of users of a dialect that is about groups.
const PLAIN: &str = "\n[[user.attribute]]\nname = \"userName\"\nuniqueness = \"server\"\n\
                     required = [\"create\", \"replace\"]\n";

impl Draft {
    /// The table of its resource type in the files.
    fn table(&self) -> &'static str {
        if self.group { "group" } else { "user" }
    }

    /// Canonical's name of what resources are known by.
    pub fn naming(&self) -> &'static str {
        if self.group { "displayName" } else { "userName" }
    }

    pub fn schema(&self) -> String {
        let head = |table: &str, resource: &str| {
            format!(
                "\n[{table}]\nresource = \"{resource}\"\nunknown = \"ignore\"\n\
                 urn = \"urn:ietf:params:scim:schemas:core:2.0:{resource}\"\n"
            )
        };
        let mut text = format!("version = 1\n{}", head("user", "User"));
        if self.group {
            text += PLAIN;
            text += &head("group", "Group");
        }
        let kind = self.table();
        for attr in &self.attributes {
            let (table, key) =
                if attr.extension { ("extension", "urn") } else { ("attribute", "name") };
            let _ = write!(text, "\n[[{kind}.{table}]]\n{key} = {:?}\n", attr.name);
            attr.facts().iter().for_each(|(key, value)| {
                let _ = writeln!(text, "{key} = {value}");
            });
        }
        text
    }

    /// The attributes, one a line.
    pub fn listed(&self) -> String {
        self.attributes.iter().map(|attr| format!("  {}\n", attr.inline())).collect()
    }

    pub fn rules(&self) -> String {
        format!("version = 1\n{}", rules(&self.rules))
    }

    pub fn overlay(&self, at: usize) -> String {
        let resource = if self.group { "Group" } else { "User" };
        let head = format!("version = 1\ndialect = {:?}\nresource = {resource:?}\n", self.name);
        head + &rules(&self.overlays[at])
    }

    /// The vendor's HTTP surface.
    pub fn surface(&self) -> String {
        let said = |kind: &str, path: &str, patches: bool| {
            let text = RESOURCE.replace("{clear}", self.clear);
            let text = text.replace("{kind}", kind).replace("{path}", path);
            let text = text.replace("{put}", if self.merges { "merge" } else { "replace" });
            text.replace("{patch}", if patches { ", \"patch\"" } else { "" })
        };
        let (patch, kind, most) = (self.patch, self.table(), self.most);
        let mut text = SURFACE.to_owned();
        if self.group {
            text += &said("user", "people", false);
        }
        text += &said(kind, if self.group { "teams" } else { "people" }, patch.is_some());
        if let Some([pathless, value_paths, complex, arrays]) = patch {
            let _ = writeln!(
                text,
                "[{kind}.patch]\npathless = {pathless}\npaths = [\"*\"]\nvalue_paths = {value_paths}\n\
                 complex_values = {complex}\narray_values = {arrays}\nremove = true\n\
                 max_operations = {most}\n"
            );
        }
        if !self.filter.is_empty() {
            let it = self.connectives;
            let _ = writeln!(
                text,
                "[{kind}.filter]\nand = {it}\nor = {it}\nnot = {it}\nmax_terms = 20\nattributes = [{}]\n",
                self.filter.iter().map(|(_, it)| it.as_str()).collect::<Vec<_>>().join(", ")
            );
        }
        text
    }

    /// Every rule, its own and those of its overlays.
    pub fn all_rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().chain(self.overlays.iter().flatten())
    }
}

const SURFACE: &str = r#"version = 1
title = "Drawn"
base = "/api"
media_type = "application/json"
authorization = "Bearer {token}"

[errors]
code_at = ["code"]
detail_at = ["message"]
codes = [{ code = "TAKEN", status = 409, scim_type = "uniqueness" }]
answer = { code = "{code}", message = "{detail}" }
answer_codes = [[409, "uniqueness", "TAKEN"], [0, "", "FAILED"]]

"#;

const RESOURCE: &str = r#"[{kind}]
path = "{path}"
operations = ["create", "get", "replace", "delete", "list"{patch}]
put = "{put}"
clear = "{clear}"
schemas_in_request = "none"
schemas_in_answer = "none"

[{kind}.list]
paging = "index"
default_count = 50
max_count = 50

"#;
