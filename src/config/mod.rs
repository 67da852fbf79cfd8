//! `config.toml` and the environment -> [`Config`], plain data that cannot be wrong; with the
//! dialects -> route specifications.
//!
//! Each section has a file: what it says, and its reader. All mistakes come at once, each with its place. This room
//! knows no socket and no Pingora.

mod admin;
mod audit;
mod auth;
mod build;
mod caller;
mod care;
mod certificates;
mod cleartext;
mod code;
mod draft;
mod entries;
mod file;
mod identity;
mod jwt;
mod kept;
mod limits;
mod load;
mod log;
mod model;
mod moved;
mod named;
mod network;
mod oauth;
mod private_key;
mod reading;
mod restart;
mod route;
mod safety;
mod secret;
mod server;
mod surroundings;
mod timeouts;
mod together;
mod trace;
mod upstream;
mod value;

pub use admin::{Admin, Operator};
pub use audit::{Audit, OnFailure};
pub use build::{compose, rules_hash, specs};
pub use caller::{Auth, ClientAssertion, Credential, Holder, Jwt, KeyPlace, KeySource, Proof};
pub use care::{Breaker, Care, Ejection, Health, InFlight, Pool, Rate, Retries};
pub use certificates::CertificatePair;
pub use code::{CODES, KEPT, UNUSABLE};
pub use draft::{AS_UTF8, Draft, NOT_UTF8, unreadable};
pub use identity::Identity;
pub use kept::Kept;
pub use limits::Limits;
pub use log::{Log, LogFormat};
pub use model::Config;
pub use moved::{MOVED, Moved, RELEASES, moved};
pub use named::{Named, Vars};
pub use network::Network;
pub use oauth::{Assertion, ClientAuth, Method, OAuth};
pub use private_key::PrivateKey;
pub use reading::{is_text, stands_in_header};
pub use restart::restart;
pub use route::{Mode, Route};
pub use secret::{Held, Origin, Secret};
pub use server::{Running, Server, Tls};
pub use surroundings::Surroundings;
pub use timeouts::Timeouts;
pub use trace::Tracing;
pub use upstream::{Target, Upstream};
pub use value::time;
