//! The codes of mistakes in the configuration. One is never given a second meaning.

use crate::diagnostic::Code;

/// The codes of this room, sorted.
pub const CODES: &[Code] = &[
    NOT_READABLE,
    ADDRESS,
    DURATION,
    RANGE,
    URL,
    SECRET,
    SECRET_MISSING,
    LITERAL,
    PREFIX,
    HOST,
    TWICE,
    TOKEN,
    OPEN,
    OVERLAY,
    PASSTHROUGH,
    NO_UPSTREAM,
    NO_DIALECT,
    NO_SANDBOX,
    VARIABLE_MISSING,
    VARIABLE_UNKNOWN,
    OVERLAY_DIALECT,
    OVERLAY_PLACE,
    NOTHING,
    UNUSABLE,
    PROOF,
    NO_CLIENT_CA,
    JWT,
    CARE,
    NODES,
    IDENTITY,
    CREDENTIAL,
    TOKEN_URL,
    CLIENT_CERT,
    FORWARD,
    NO_PATCH,
    RESTART,
    UPGRADE_SOCKET,
    CLEARTEXT,
    VARIABLE_PATH,
    CLIENT,
    PRIVATE_KEY,
    DEMO,
    UNUSED,
    UNNAMED,
    KEPT,
];

pub(super) const NOT_READABLE: Code = Code { id: "C001", title: "a file that cannot be read" };
pub(super) const ADDRESS: Code =
    Code { id: "C002", title: "a listening address that is not of the form ip:port" };
pub(super) const DURATION: Code =
    Code { id: "C003", title: "a time that is not of the form 500ms, 30s or 2m" };
pub(super) const RANGE: Code = Code { id: "C004", title: "a number out of its range" };
pub(super) const URL: Code = Code { id: "C005", title: "a URL that cannot be used here" };
pub(super) const SECRET: Code = Code {
    id: "C006",
    title: "a secret that is not exactly one of env, file, credential and literal",
};
pub(super) const SECRET_MISSING: Code =
    Code { id: "C007", title: "a secret that is not there or cannot stand where it is sent" };
pub(super) const LITERAL: Code = Code { id: "C008", title: "a literal secret outside a sandbox" };
pub(super) const PREFIX: Code = Code { id: "C009", title: "a prefix that is no plain path" };
pub(super) const HOST: Code = Code { id: "C010", title: "a host that is no plain name" };
pub(super) const TWICE: Code = Code { id: "C011", title: "a name or route that is there twice" };
pub(super) const TOKEN: Code =
    Code { id: "C012", title: "a token hash that is not 64 hexadecimal digits" };
pub(super) const OPEN: Code =
    Code { id: "C013", title: "a route without authentication on a reachable address" };
pub(super) const OVERLAY: Code = Code { id: "C014", title: "an overlay that cannot be found" };
pub(super) const PASSTHROUGH: Code =
    Code { id: "C015", title: "a setting that a pass-through route cannot have" };
pub(super) const NO_UPSTREAM: Code = Code { id: "C016", title: "an upstream that is not there" };
pub(super) const NO_DIALECT: Code = Code { id: "C017", title: "a dialect that is not there" };
pub(super) const NO_SANDBOX: Code = Code { id: "C018", title: "a sandbox that is not there" };
pub(super) const VARIABLE_MISSING: Code =
    Code { id: "C019", title: "a variable that the dialect needs is not given" };
pub(super) const VARIABLE_UNKNOWN: Code =
    Code { id: "C020", title: "a variable that the dialect does not have" };
pub(super) const OVERLAY_DIALECT: Code =
    Code { id: "C021", title: "an overlay over another dialect than the upstream's" };
pub(super) const OVERLAY_PLACE: Code =
    Code { id: "C022", title: "an overlay over a resource type that the upstream lacks" };
pub(super) const NOTHING: Code = Code { id: "C023", title: "nothing to serve" };
/// Found by whoever uses the files, so it has no place in the configuration's text.
pub const UNUSABLE: Code =
    Code { id: "C024", title: "a certificate, key or authority file that cannot be used" };
pub(super) const PROOF: Code =
    Code { id: "C025", title: "a credential that is not exactly one kind of proof" };
pub(super) const NO_CLIENT_CA: Code =
    Code { id: "C026", title: "a client certificate where the listener asks for none" };
pub(super) const JWT: Code =
    Code { id: "C027", title: "a signed token whose terms cannot be used" };
pub(super) const CARE: Code =
    Code { id: "C028", title: "a setting of an upstream's care that cannot be meant" };
pub(super) const NODES: Code =
    Code { id: "C029", title: "nodes that cannot stand for one another" };
pub(super) const NO_PATCH: Code =
    Code { id: "C038", title: "a form of PATCH that the upstream's dialect does not offer" };
pub(super) const IDENTITY: Code = Code {
    id: "C030",
    title: "an upstream's auth that is not exactly one of bearer, basic, header and oauth",
};
pub(super) const CREDENTIAL: Code =
    Code { id: "C031", title: "a name that a credential or a parameter cannot be sent with" };
pub(super) const TOKEN_URL: Code = Code { id: "C032", title: "a URL that is no token endpoint's" };
pub(super) const CLIENT_CERT: Code = Code {
    id: "C033",
    title: "a client certificate for an upstream or a token endpoint without TLS",
};
pub(super) const FORWARD: Code =
    Code { id: "C034", title: "a route that forwards to an upstream with its own auth" };
/// Found by comparing two configurations, so it has no place in the text.
pub(super) const RESTART: Code =
    Code { id: "C040", title: "a change that a running gateway cannot follow" };
pub(super) const UPGRADE_SOCKET: Code =
    Code { id: "C041", title: "an upgrade socket that cannot be made" };
pub(super) const CLEARTEXT: Code =
    Code { id: "C042", title: "a credential or a key that travels in the clear" };
pub(super) const VARIABLE_PATH: Code =
    Code { id: "C043", title: "a variable's value that cannot stand in a path" };
pub(super) const CLIENT: Code =
    Code { id: "C044", title: "a client of a token endpoint that is not shown in exactly one way" };
pub(super) const PRIVATE_KEY: Code =
    Code { id: "C045", title: "a private key that cannot sign as it should" };
pub(super) const DEMO: Code =
    Code { id: "C046", title: "the people of a demonstration outside a sandbox" };
pub(super) const UNUSED: Code = Code { id: "C047", title: "an upstream that no route uses" };
pub(super) const UNNAMED: Code = Code { id: "C048", title: "a credential without a name" };
/// Found by whoever starts the gateway.
pub const KEPT: Code =
    Code { id: "C049", title: "a file of the gateway's own that cannot be kept" };
