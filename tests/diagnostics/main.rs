//! Mistakes in rules, schemas and dialects: every code has a fixture that shows it.

mod loading;
