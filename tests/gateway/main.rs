//! The gateway room: messages, discovery, routes.
//!
//! (`cfg(test)` tells clippy that helpers are tests, too.)

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod messages_discovery;
#[cfg(test)]
mod messages_errors;
#[cfg(test)]
mod routes;
