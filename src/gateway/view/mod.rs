//! What a client is shown: the upstream's answer read, the client's own view of it, what a filter says of
//! that view and how much of it the upstream can be asked, order, pages, projection, versions.
//!
//! Truth is the client's filter, evaluated on the client's own view; what is pushed upstream only saves
//! calls. It does not know what a write changes.

mod answer;
mod askable;
mod columns;
mod cursor;
mod derived;
mod fold;
mod list;
mod own;
mod push;
mod pushed;
mod query;
mod reach;
mod read;
mod sort;
mod stored;
mod terms;
mod test;
mod truth;
mod undeclared;
mod version;

pub use askable::in_body;
pub use columns::Columns;
pub use cursor::{Cursor, Page, Scope, Start, expired, fingerprint, invalid};
pub use fold::Truth;
pub use list::{At, ListPlan, PageCall, beyond_scan_limit, too_many};
pub use own::{Sight, lies_in};
pub use pushed::Pushed;
pub use query::bad_query;
pub use reach::is_total;
pub use sort::Rank;
pub use stored::{Stored, StoredPage};
