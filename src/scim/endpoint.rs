//! What a path below a SCIM base names (RFC 7644 section 3.2), and identifiers as one path segment.

use percent_encoding::{
    AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_decode_str, utf8_percent_encode,
};

/// What a path below the base names. Segments are decoded; which resource types there are is for
/// the caller to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// The base itself.
    Root,
    Resource {
        segment: String,
        id: Option<Id>,
    },
    /// `.search` of a resource type, or of all (`None`).
    Search {
        segment: Option<String>,
    },
    ServiceProviderConfig,
    /// All, or the one with that name.
    ResourceTypes(Option<String>),
    /// All, or the one with that URN.
    Schemas(Option<String>),
    Bulk,
    Me,
}

impl Endpoint {
    /// What a log calls the kind of discovery document, where it names one.
    pub fn discovery(&self) -> Option<&'static str> {
        match self {
            Self::ServiceProviderConfig => Some("service_provider_config"),
            Self::ResourceTypes(_) => Some("resource_types"),
            Self::Schemas(_) => Some("schemas"),
            _ => None,
        }
    }
}

/// A resource's identifier: text that stands in exactly one path segment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Id(String);

/// Why a path names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    #[error("The path names no SCIM endpoint.")]
    Unknown,
    #[error("A segment of the path must be percent-encoded UTF-8.")]
    Encoding,
    #[error(
        "The identifier is not acceptable: it is empty, longer than 512 bytes, \".search\", holds a control character, or has \".\" or \"..\" alone or between slashes. Use an identifier as it was answered."
    )]
    Id,
}

/// The longest identifier, in bytes.
const MAX_ID: usize = 512;

/// What must be encoded in a path segment: all but RFC 3986's unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Reads a path below the base: percent-encoded, with or without the first slash, without the query.
/// One slash at the end is passed over. The names of RFC 7644 are taken in any case.
///
/// # Errors
/// Where the path cannot be read or has more segments than any endpoint.
pub fn classify(path: &str) -> Result<Endpoint, EndpointError> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok(Endpoint::Root);
    }
    let mut segments = path.split('/');
    let first = decoded(segments.next().unwrap_or_default())?;
    let second = segments.next().map(decoded).transpose()?;
    if segments.next().is_some() || first.is_empty() || !is_plain(&first) {
        return Err(EndpointError::Unknown);
    }
    let is = |name: &str| first.eq_ignore_ascii_case(name);
    match second {
        // The plural is SCIM 1.1's name.
        None if is("ServiceProviderConfig") || is("ServiceProviderConfigs") => {
            Ok(Endpoint::ServiceProviderConfig)
        }
        second if is("ResourceTypes") => Ok(Endpoint::ResourceTypes(second)),
        second if is("Schemas") => Ok(Endpoint::Schemas(second)),
        None if is("Bulk") => Ok(Endpoint::Bulk),
        None if is("Me") => Ok(Endpoint::Me),
        None if is(".search") => Ok(Endpoint::Search { segment: None }),
        Some(second) if second.eq_ignore_ascii_case(".search") => {
            Ok(Endpoint::Search { segment: Some(first) })
        }
        None => Ok(Endpoint::Resource { segment: first, id: None }),
        Some(id) => Ok(Endpoint::Resource { segment: first, id: Some(Id::new(id)?) }),
    }
}

fn decoded(segment: &str) -> Result<String, EndpointError> {
    let text = percent_decode_str(segment).decode_utf8().map_err(|_| EndpointError::Encoding)?;
    Ok(text.into_owned())
}

/// Whether a text can be the first segment without becoming another path somewhere on the way.
fn is_plain(text: &str) -> bool {
    !climbs(text.as_bytes()) && !text.chars().any(|c| c.is_control() || matches!(c, '/' | '\\'))
}

/// Whether a path has a segment that someone on the way could take for the one above (RFC 3986 section
/// 6.2.2). Some decode once, some twice, and some take `\` for `/`.
pub fn climbs(path: &[u8]) -> bool {
    let above = |path: &[u8]| {
        path.split(|byte| matches!(byte, b'/' | b'\\'))
            .map(|segment| segment.split(|byte| *byte == b';').next().unwrap_or_default())
            .any(|segment| matches!(segment, b"." | b".."))
    };
    if !path.contains(&b'%') {
        return path.contains(&b'.') && above(path);
    }
    let once = percent_decode(path).collect::<Vec<u8>>();
    let twice = percent_decode(&once).collect::<Vec<u8>>();
    [path, &once, &twice].into_iter().any(above)
}

impl Id {
    /// An identifier from its decoded text. What is taken from a client is what is taken from an
    /// upstream, so that whatever is handed out can be asked for: slashes and backslashes are encoded.
    ///
    /// # Errors
    /// [`EndpointError::Id`].
    pub fn new(text: impl Into<String>) -> Result<Self, EndpointError> {
        let text = text.into();
        // Someone on the way may decode once more than we do.
        let twice = percent_decode_str(&text).decode_utf8().map_err(|_| EndpointError::Id)?;
        let control = |text: &str| text.chars().any(char::is_control);
        let fits = !text.is_empty()
            && text.len() <= MAX_ID
            && !climbs(text.as_bytes())
            && !text.eq_ignore_ascii_case(".search")
            && !control(&text)
            && !control(&twice);
        if fits { Ok(Self(text)) } else { Err(EndpointError::Id) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The identifier as exactly one path segment.
    pub fn encoded(&self) -> String {
        segment(&self.0)
    }
}

/// The identifier that a URL names below a resource type's path. Nothing else of the URL counts: it may
/// be relative, and whose host it names is nobody's matter.
pub fn id_at(url: &str, path: &str) -> Option<Id> {
    let url = url.split(['?', '#']).next()?;
    let rooted = format!("/{}", url.trim_start_matches('/'));
    let below = format!("/{path}/").to_ascii_lowercase();
    // ASCII lower case moves no byte.
    let at = rooted.to_ascii_lowercase().rfind(&below)?.checked_add(below.len())?;
    let id = rooted.get(at..)?.trim_end_matches('/');
    Id::new(decoded(id).ok()?).ok()
}

/// Any text as exactly one path segment. "." and ".." would survive encoding and be taken for steps
/// by whoever follows the URL.
pub fn segment(text: &str) -> String {
    match text {
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        text => utf8_percent_encode(text, SEGMENT).to_string(),
    }
}
