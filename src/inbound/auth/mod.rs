//! Who may use a route: what a request shows, held against the credentials that the route lists.
//!
//! It knows neither what the caller wants nor what it may do, only who it is.

mod assertion;
mod callers;
mod clock;
mod jwks;
mod jwt;
mod keys;
mod refusal;
mod sets;
mod shown;
mod used;

pub use callers::Callers;
pub use sets::KeySets;
pub use shown::PresentedCredentials;
