//! What a resource type holds: the facts of RFC 7643 section 7 and those a gateway needs besides.
//!
//! An extension (RFC 7643 section 3.3) is an attribute whose name is its URN. `schemas`, `id` and
//! `meta` are common to all resources (RFC 7643 section 3.1) and are not listed here.

use super::same::same;
use super::value::Value;

/// One resource type of one dialect, or of the canonical form.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// The resource type's name, such as `User`.
    pub resource: String,
    /// The URN of the core schema.
    pub urn: String,
    /// Attributes and extensions, in the order in which they are written.
    pub attributes: Vec<Attribute>,
    /// Whether a member named by a URN that is not listed is an object with free keys.
    pub open_extensions: bool,
    /// What the vendor does with an attribute that the schema does not know.
    pub unknown: Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    Refuse,
    Ignore,
}

/// An attribute, a sub-attribute or an extension.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    pub name: String,
    pub description: String,
    pub kind: Kind,
    pub multi_valued: bool,
    /// The most elements that the vendor stores of a multi-valued attribute.
    pub max: Option<usize>,
    pub mutability: Mutability,
    pub returned: Returned,
    pub case_exact: bool,
    pub uniqueness: Uniqueness,
    pub canonical_values: Vec<String>,
    /// The requests in which the vendor demands a value.
    pub required: Operations,
    /// The requests that may hold the attribute.
    pub accepted: Operations,
    /// What the vendor sets when the attribute is omitted on create.
    pub default: Option<Value<'static>>,
    /// Whether a resource of the vendor's always has a value: it can be replaced and not removed.
    pub permanent: bool,
    pub format: Option<Format>,
    /// An object with free keys (and, below [`Kind::Any`], free values).
    pub open: bool,
    /// The attribute from whose value the vendor computes this one, such as `userName`.
    pub derived_from: Option<String>,
    /// Whether the name is the URN of a schema extension.
    pub extension: bool,
    /// What `/Schemas` calls the extension, where that is not derived from its URN.
    pub title: Option<String>,
    pub attributes: Vec<Attribute>,
}

/// RFC 7643 section 2.3; `Any` is a value of any JSON type (a free key's).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    String,
    Boolean,
    Decimal,
    Integer,
    DateTime,
    Binary,
    Reference,
    Complex,
    Any,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutability {
    ReadOnly,
    ReadWrite,
    Immutable,
    WriteOnly,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    Always,
    Never,
    Default,
    Request,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uniqueness {
    None,
    Server,
    Global,
}

/// A restriction on the text of a string that the vendor checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// An e-mail address.
    Email,
    /// At most this many characters.
    Length(usize),
    /// RFC 9562 text form.
    Uuid,
}

/// What a request asks of one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    Create,
    Get,
    Replace,
    Patch,
    Delete,
    List,
    /// `POST .search` (RFC 7644 section 3.4.3).
    Search,
}

/// A set of [`Operation`]s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Operations(u8);

impl Operation {
    pub const ALL: [Self; 7] = [
        Self::Create,
        Self::Get,
        Self::Replace,
        Self::Patch,
        Self::Delete,
        Self::List,
        Self::Search,
    ];

    /// The name used in dialect files, metrics and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Get => "get",
            Self::Replace => "replace",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::List => "list",
            Self::Search => "search",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name)
    }
}

impl Operations {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self(0x7f);

    pub fn of(operations: &[Operation]) -> Self {
        Self(operations.iter().fold(0, |set, operation| set | 1 << *operation as u8))
    }

    pub fn has(self, operation: Operation) -> bool {
        self.0 & (1 << operation as u8) != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Operation> {
        Operation::ALL.into_iter().filter(move |operation| self.has(*operation))
    }
}

/// What a schema says of a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Found<'s> {
    Attribute(&'s Attribute),
    /// `id`, `schemas`, `meta` or below it: common to all resources.
    Common,
    /// A free key or what is below one: there may be anything.
    Free,
    Unknown,
}

impl Schema {
    /// What the member names of a path lead to.
    pub fn find<'n>(&self, members: impl IntoIterator<Item = &'n str>) -> Found<'_> {
        let mut members = members.into_iter();
        let Some(first) = members.next() else { return Found::Unknown };
        let Some(mut attribute) = self.attribute(first) else {
            let common = COMMON.iter().any(|name| name.eq_ignore_ascii_case(first));
            return match () {
                () if common => Found::Common,
                () if self.open_extensions && is_urn(first) => Found::Free,
                () => Found::Unknown,
            };
        };
        for name in members {
            match attribute.attribute(name) {
                Some(sub) => attribute = sub,
                None if attribute.is_free() => return Found::Free,
                None => return Found::Unknown,
            }
        }
        Found::Attribute(attribute)
    }

    /// The attribute or extension of that name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        find(&self.attributes, name)
    }

    /// The extensions, in order.
    pub fn extensions(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().filter(|attribute| attribute.extension)
    }

    /// Every URN that an attribute path on this resource type may begin with: the core schema's first.
    pub fn urns(&self) -> Vec<&str> {
        let extensions = self.extensions().map(|extension| extension.name.as_str());
        std::iter::once(self.urn.as_str()).chain(extensions).collect()
    }
}

impl Attribute {
    /// An optional, singular, readWrite attribute with RFC 7643 section 2.2's defaults.
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            description: String::new(),
            kind,
            multi_valued: false,
            max: None,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            case_exact: false,
            uniqueness: Uniqueness::None,
            canonical_values: Vec::new(),
            required: Operations::NONE,
            accepted: Operations::ALL,
            default: None,
            permanent: false,
            format: None,
            open: false,
            derived_from: None,
            extension: false,
            title: None,
            attributes: Vec::new(),
        }
    }

    /// Whether text compares with regard to case: as declared, and for binary values and references
    /// always (RFC 7643 sections 2.3.6 and 2.3.7).
    pub fn is_case_exact(&self) -> bool {
        self.case_exact || matches!(self.kind, Kind::Binary | Kind::Reference)
    }

    /// Whether its `value` is the id of a resource: there is a `$ref` beside it (RFC 7643 section 2.4), or
    /// RFC 7643 says so of its name.
    pub fn names_resources(&self) -> bool {
        let named = ["members", "groups", "manager"];
        self.attribute("value").is_some()
            && (self.attribute("$ref").is_some()
                || named.iter().any(|name| name.eq_ignore_ascii_case(&self.name)))
    }

    /// Whether what is removed comes back: as it was, or as the vendor's default.
    pub fn is_permanent(&self) -> bool {
        self.permanent || self.default.is_some()
    }

    /// Whether there may be keys and values below it that the schema does not list.
    pub fn is_free(&self) -> bool {
        self.open || self.kind == Kind::Any
    }

    /// The sub-attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        find(&self.attributes, name)
    }
}

/// Whether a member's name is a URN, and so names a schema extension.
pub fn is_urn(name: &str) -> bool {
    name.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("urn:"))
}

const COMMON: [&str; 3] = ["id", "schemas", "meta"];

/// The attribute that names lead to, each below the one before it.
pub fn attribute_at<N: AsRef<str>>(
    attributes: &[Attribute],
    names: impl IntoIterator<Item = N>,
) -> Option<&Attribute> {
    let mut names = names.into_iter();
    let first = find(attributes, names.next()?.as_ref())?;
    names.try_fold(first, |at, name| at.attribute(name.as_ref()))
}

fn find<'s>(attributes: &'s [Attribute], name: &str) -> Option<&'s Attribute> {
    attributes.iter().find(|attribute| same(&attribute.name, name))
}
