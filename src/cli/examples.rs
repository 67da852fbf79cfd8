//! Examples of each verb, at the end of its help.

pub(super) const CHECK: &str = "Examples:\n\
\x20 scim-gateway check\n\
\x20 scim-gateway check --quiet --deny-warnings /etc/scim-gateway/config.toml\n\
\x20 scim-gateway check --since 0.1.0\n\
\x20 scim-gateway check --format json - < config.toml";
pub(super) const COMPLETIONS: &str = "Examples:\n\
\x20 scim-gateway completions bash > ~/.local/share/bash-completion/completions/scim-gateway\n\
\x20 scim-gateway completions zsh > ~/.zfunc/_scim-gateway\n\
\x20 scim-gateway completions fish > ~/.config/fish/completions/scim-gateway.fish";
pub(super) const DEMO: &str = "Examples:\n  scim-gateway demo";
pub(super) const EXPLAIN: &str = "Examples:\n\
\x20 scim-gateway explain --route /hr/app user.json\n\
\x20 scim-gateway explain --route /hr/app --patch patch.json\n\
\x20 scim-gateway explain --route /hr/app --filter 'userName eq \"ann@corp.example\"'";
pub(super) const LOSSES: &str = "Examples:\n\
\x20 scim-gateway losses\n\
\x20 scim-gateway losses --route /hr/app";
pub(super) const MAN: &str = "Examples:\n\
\x20 scim-gateway man ~/.local/share/man/man1";
pub(super) const RUN: &str = "Examples:\n\
\x20 scim-gateway run\n\
\x20 scim-gateway run --config /etc/scim-gateway/config.toml";
pub(super) const SANDBOX: &str = "Examples:\n\
\x20 scim-gateway sandbox scim\n\
\x20 scim-gateway sandbox scim --listen 127.0.0.1:0";
pub(super) const SCHEMA: &str = "Examples:\n\
\x20 scim-gateway schema > config.schema.json\n\
\x20 scim-gateway schema rules > rules.schema.json";
pub(super) const TEST: &str = "Examples:\n\
\x20 scim-gateway test\n\
\x20 scim-gateway test my-rules\n\
\x20 scim-gateway test --bless my-rules";
pub(super) const TRANSLATE: &str = "Examples:\n\
\x20 scim-gateway translate --route /hr/app user.json\n\
\x20 scim-gateway translate --from scim --to scimmy user.json\n\
\x20 scim-gateway translate --route /hr/app --operation replace --old stored.json user.json";
pub(super) const VERIFY: &str = "Examples:\n\
\x20 scim-gateway audit verify /var/log/scim-gateway/audit.jsonl*";
