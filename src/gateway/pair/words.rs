//! One resource in the words of the upstream, of canonical, and of the client: the way of an answer.

use super::compiled::Pair;
use super::losses::Losses;
use super::once::shown_once;
use crate::dialect::Clear;
use crate::rewrite::lens::strip_cleared;
use crate::rewrite::translate::{Message, Translation};
use crate::scim::reading::Reading;
use crate::scim::schema::is_urn;
use crate::scim::{Object, Value};

/// A resource in the client's words.
#[derive(Debug)]
pub struct Shown<'a> {
    pub object: Object<'a>,
    pub losses: Losses,
}

impl Pair {
    /// An upstream's attributes in its schema's form, and as they came; what is unreadable is hidden. An
    /// empty text of an upstream that unsets by it says that nothing is there.
    pub fn receive<'a>(&self, mut object: Object<'a>) -> Reading<'a> {
        if self.upstream_resource.clear == Clear::Empty {
            object.retain(|_, value| !is_unset(value));
        }
        Reading::of(object, &self.upstream.vendor)
    }

    /// An upstream's attributes as canonical: what filters are asked of.
    /// What another resource type's schema names is shown to nobody, and put keeps it.
    pub fn lift<'a>(&'a self, stored: &'a Object<'a>) -> Translation<'a> {
        let mut lifted = self.upstream.lift(stored, Message::Response);
        lifted.object.retain(|name, _| !is_urn(name) || !self.is_foreign(name));
        lifted
    }

    /// Canonical attributes as the client sees them.
    pub fn show<'a>(&'a self, canonical: &'a Object<'a>) -> Translation<'a> {
        let mut shown = self.client.lower(canonical, Message::Response);
        strip_cleared(&mut shown.object, &self.client.vendor.attributes);
        shown_once(&self.client.vendor.attributes, &mut shown.object);
        self.client.render(&mut shown.object, canonical);
        shown
    }

    /// The upstream's resource as the client sees it, in the client's words.
    pub fn view(&self, stored: &Object<'_>) -> Shown<'static> {
        let lifted = self.lift(stored);
        let shown = self.show(&lifted.object);
        Shown {
            object: shown.object.into_owned(),
            losses: Losses { lifting: lifted.losses, lowering: shown.losses },
        }
    }
}

/// Whether a value is an empty text; members of an object that are go.
fn is_unset(value: &mut Value<'_>) -> bool {
    if let Value::Object(object) = value {
        object.retain(|_, member| !is_unset(member));
    }
    value.as_str().is_some_and(str::is_empty)
}
