//! A SCIM gateway: a reverse proxy that translates between SCIM dialects by declarative rules.
//!
//! The rooms, in order; each uses only those above it (ARCHITECTURE.md, held by `tests/house`).

pub mod diagnostic;

pub mod scim;

pub mod rewrite;

pub mod dialect;

pub mod fault;

pub mod gateway;

pub mod exchange;

pub mod sandbox;

pub mod config;

pub mod observe;

pub mod material;

pub mod outbound;

pub mod inbound;

pub mod serve;

pub mod ops;

pub mod app;

pub mod cli;
