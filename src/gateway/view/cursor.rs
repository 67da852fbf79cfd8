//! Where a page begins, and cursors of our own (RFC 9865): each holds all that it takes to go on, so
//! that nothing is kept between requests.
//!
//! A cursor names the resource beside which its page stands. Where that one is gone, or not where it was,
//! the list has changed in front of the page, and to go on would pass someone over. The check in
//! it is against mistakes, not against forgers: a cursor shows nothing that its route does not.

use sha2::{Digest, Sha256};

use super::stored::Stored;
use crate::fault::{Cause, Fault};
use crate::scim::query::Query;

/// Where the page begins that a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the resource of that number, one-based.
    Index(usize),
    /// The first page by cursor.
    First,
    Cursor(Cursor),
}

/// A page right before or right after a resource that was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub backward: bool,
    /// The number of the resource after which, or before which, the page stands: where it was when it
    /// was shown, one-based.
    pub beside: usize,
    /// The fingerprint of that resource.
    pub neighbour: String,
    /// The upstream's own cursor to the page, where it has cursors.
    pub upstream: Option<String>,
}

/// What a cursor belongs to: with any other route, type, filter or order it leads nowhere.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'s> {
    pub route: &'s str,
    /// `User`, `Group`, or `*` for all types.
    pub kind: &'s str,
    pub query: &'s Query,
}

/// A page, with the ways to its neighbours.
#[derive(Debug)]
pub struct Page<T> {
    /// `None` only where the upstream pages by cursor and does not say.
    pub total: Option<usize>,
    /// The number of the first resource, one-based.
    pub first: usize,
    pub items: Vec<T>,
    pub next: Option<Cursor>,
    pub previous: Option<Cursor>,
}

/// The longest cursor that is read, in bytes.
const LONGEST: usize = 4_096;

/// The longest cursor of an upstream that goes into one of ours, in bytes; behind a longer one the page
/// is looked for by its neighbour.
const LONGEST_UPSTREAM: usize = 1_024;

impl Start {
    /// Where the query's page begins.
    ///
    /// # Errors
    /// `BadCursor` for a cursor that is none of ours, or of another query.
    pub fn of(scope: Scope<'_>) -> Result<Self, Fault> {
        match scope.query.cursor.as_deref() {
            None => Ok(Self::Index(scope.query.start_index)),
            Some("") => Ok(Self::First),
            Some(text) => Cursor::read(text, scope).map(Self::Cursor).ok_or_else(invalid),
        }
    }

    /// What to ask of an upstream by index: the first resource's number, and how many. Beside a
    /// neighbour, that one too.
    pub fn range(&self, count: usize, max: usize) -> (usize, usize) {
        match self {
            Self::Index(start) => (*start, count),
            Self::First => (1, count),
            Self::Cursor(cursor) => {
                let count = count.min(max.saturating_sub(1)).max(1);
                if !cursor.backward {
                    return (cursor.beside, count.saturating_add(1));
                }
                let count = count.min(cursor.beside.saturating_sub(1));
                (cursor.beside.saturating_sub(count), count.saturating_add(1))
            }
        }
    }

    /// The resources of a [`range`](Self::range) without the neighbour.
    ///
    /// # Errors
    /// `BadCursor` (`expiredCursor`) where the neighbour is not there.
    pub fn beside(&self, mut read: Vec<Stored<'static>>) -> Result<Vec<Stored<'static>>, Fault> {
        let Self::Cursor(cursor) = self else { return Ok(read) };
        let neighbour = match cursor.backward {
            true => read.pop(),
            false => (!read.is_empty()).then(|| read.remove(0)),
        };
        let stands = neighbour.is_some_and(|stored| fingerprint("", &stored) == cursor.neighbour);
        if stands { Ok(read) } else { Err(expired()) }
    }
}

impl<T> Page<T> {
    /// A page of a list that is read whole.
    ///
    /// # Errors
    /// `BadCursor` (`expiredCursor`) where the cursor's neighbour is gone.
    pub fn of(
        all: Vec<T>,
        start: &Start,
        count: usize,
        fingerprint: impl Fn(&T) -> String,
    ) -> Result<Self, Fault> {
        let total = all.len();
        let (from, to) = match start {
            Start::Index(start) => {
                let from = start.saturating_sub(1);
                (from, from.saturating_add(count))
            }
            Start::First => (0, count),
            Start::Cursor(cursor) => {
                let found = all.iter().position(|one| fingerprint(one) == cursor.neighbour);
                let at = found.ok_or_else(expired)?;
                let behind = at.saturating_add(1);
                match cursor.backward {
                    true => (at.saturating_sub(count), at),
                    false => (behind, behind.saturating_add(count)),
                }
            }
        };
        let (to, first) = (to.min(total), from.saturating_add(1));
        let items = all.into_iter().skip(from).take(to.saturating_sub(from)).collect();
        Ok(Self { total: Some(total), first, items, next: None, previous: None }
            .with_neighbours(fingerprint))
    }

    /// Says how to go on, and back, where the total shows that there is more.
    #[must_use]
    pub fn with_neighbours(mut self, fingerprint: impl Fn(&T) -> String) -> Self {
        let beside = |backward: bool, at: usize, one: &T| Cursor {
            backward,
            beside: at,
            neighbour: fingerprint(one),
            upstream: None,
        };
        let last = self.first.saturating_sub(1).saturating_add(self.items.len());
        let more = self.total.is_some_and(|total| last < total);
        self.next = self.items.last().filter(|_| more).map(|one| beside(false, last, one));
        let before = self.items.first().filter(|_| self.first > 1);
        self.previous = before.map(|one| beside(true, self.first, one));
        self
    }
}

impl Cursor {
    /// The text that a client gets: unreserved characters (RFC 9865 section 2).
    pub fn text(&self, scope: Scope<'_>) -> String {
        let Self { backward, beside, neighbour, upstream } = self;
        let way = if *backward { 'p' } else { 'n' };
        let mut body = format!("{way}{beside}.{neighbour}");
        if let Some(upstream) = upstream.as_ref().filter(|text| text.len() <= LONGEST_UPSTREAM) {
            body.push('.');
            body.push_str(&hex::encode(upstream));
        }
        format!("{}.{body}", scope.check(&body))
    }

    fn read(text: &str, scope: Scope<'_>) -> Option<Self> {
        let (check, body) = text.split_once('.').filter(|_| text.len() <= LONGEST)?;
        if check != scope.check(body) {
            return None;
        }
        let mut parts = body.split('.');
        let (place, neighbour) = (parts.next()?, parts.next()?);
        let backward = place.starts_with('p');
        let beside = place.strip_prefix(['p', 'n'])?.parse().ok().filter(|at| *at > 0)?;
        let upstream = match parts.next() {
            None => None,
            Some(encoded) => Some(String::from_utf8(hex::decode(encoded).ok()?).ok()?),
        };
        Some(Self { backward, beside, neighbour: neighbour.to_owned(), upstream })
    }
}

impl Scope<'_> {
    fn check(&self, body: &str) -> String {
        let Self { route, kind, query } = self;
        let filter = query.filter.as_ref().map(ToString::to_string).unwrap_or_default();
        let sort = query.sort.as_ref();
        let by = sort.map(|sort| sort.by.to_string()).unwrap_or_default();
        let descending = sort.is_some_and(|sort| sort.descending).to_string();
        short_hash(&[route, kind, &filter, &by, &descending, body])
    }
}

/// What a resource is known by in a cursor; `kind` tells types apart that stand in one list.
pub fn fingerprint(kind: &str, stored: &Stored) -> String {
    short_hash(&[kind, stored.frame.id.as_deref().unwrap_or_default()])
}

/// Sixteen digits: enough that two of one list are not taken for each other.
fn short_hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hex::encode(hash.finalize()).chars().take(16).collect()
}

/// The refusal of a cursor that has led somewhere once (RFC 9865 section 2.1).
pub fn expired() -> Fault {
    let detail = "The list has changed where this cursor leads, or the upstream has forgotten it. \
                  Begin again with an empty cursor.";
    Fault { scim_type: Some("expiredCursor"), ..Fault::new(Cause::BadCursor, detail) }
}

/// The refusal of a cursor that leads nowhere (RFC 9865 section 2.1).
pub fn invalid() -> Fault {
    let detail = "The cursor is none that this list answered. Send it as it was answered, with the same \
                  filter and order, or begin again with an empty cursor.";
    Fault::new(Cause::BadCursor, detail)
}
