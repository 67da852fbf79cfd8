//! What is told of requests and of the gateway's own life: in bounded words, once, to whoever observes.
//!
//! A room of its own, since both who calls and who is called upon tell, and who counts and logs knows neither.
//! It knows no counter, no log and no socket.

mod access_record;
mod event;
mod observer;
mod principal;
mod reason;
mod refusal;
mod slot;

pub use access_record::AccessRecord;
pub use event::{Event, Trigger};
pub use observer::{Observer, Silent};
pub use principal::Principal;
pub use reason::Reason;
pub use refusal::AuthRefusal;
pub use slot::Slot;
