//! The forms of URNs (RFC 8141) and of paths in URLs (RFC 3986): whether a text is one. It resolves
//! nothing and decodes nothing.

/// Whether the text is a URN: `urn:`, a namespace of 2 to 32 letters, digits and inner hyphens, and a
/// name within it, without the components of RFC 8141 section 2.3.
pub fn is_well_formed_urn(text: &str) -> bool {
    let mut parts = text.splitn(3, ':');
    let (Some(scheme), Some(space), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let edges = !space.starts_with('-') && !space.ends_with('-');
    scheme.eq_ignore_ascii_case("urn")
        && (2..=32).contains(&space.len())
        && space.bytes().all(inner)
        && edges
        && !name.is_empty()
        && !name.starts_with('/')
        && name.split(':').all(|part| !part.is_empty())
        && is_path_text(name)
}

/// Whether the text is a path as it stands in a URL: segments that are not empty and do not climb,
/// parted by `/`, of the characters of RFC 3986 section 3.3.
pub fn is_plain_path(text: &str) -> bool {
    is_path_text(text) && text.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Characters of a path, percent-encoded ones with two digits.
fn is_path_text(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().all(|(at, byte)| match byte {
        b'%' => bytes.get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit)),
        b'-' | b'.' | b'_' | b'~' | b':' | b'@' | b'/' => true,
        b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => true,
        other => other.is_ascii_alphanumeric(),
    })
}

/// The one of `known` that a URN was probably meant to be: of the same parts in another order, or with
/// at most two letters wrong. Another number is another version, and no mistake.
pub fn meant<'k>(urn: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let lower = urn.to_ascii_lowercase();
    known.into_iter().find(|known| {
        let known = known.to_ascii_lowercase();
        let letters = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "");
        let typo = strsim::osa_distance(&lower, &known) <= 2 && letters(&lower) != letters(&known);
        known != lower && (typo || sorted(&lower) == sorted(&known))
    })
}

fn sorted(urn: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = urn.split(':').collect();
    parts.sort_unstable();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_urn_has_a_namespace_and_a_name() {
        for urn in [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "URN:omni:x",
            "urn:a-b:c%20d/e",
            "urn:x1:(c)+,;=@!*",
        ] {
            assert!(is_well_formed_urn(urn), "{urn}");
        }
        for text in [
            "",
            "urn",
            "urn:",
            "urn:a:b",
            "urn:-ab:c",
            "urn:ab-:c",
            "urn:ab:",
            "urn:a b:c",
            "urn:ab:c d",
            "urn:ab:c#d",
            "urn:ab:c?=d",
            "urn:ab:c%2",
            "urn:ab:c%zz",
            "urn:ab::c",
            "urn:ab:c:",
            "urn:ab:é",
            "urm:ab:c",
            "urn:ab:{c}",
        ] {
            assert!(!is_well_formed_urn(text), "{text}");
        }
    }

    #[test]
    fn a_plain_path_has_no_query_blank_or_climb() {
        for path in ["Users", "people/v2", "a;b=1/c@d:e", "x%20y"] {
            assert!(is_plain_path(path), "{path}");
        }
        for path in [
            "", "/Users", "Users/", "a//b", "a/../b", "./a", "a?b", "a#b", "a b", "a/{id}", "a%2",
            "ü", "a\\b", "a\tb",
        ] {
            assert!(!is_plain_path(path), "{path}");
        }
    }

    #[test]
    fn a_urn_nearly_known_is_that_one() {
        let known = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        for near in [
            "urn:ietf:params:scim:schemas:extension:enterprise:User:2.0",
            "urn:ietf:params:scim:schemas:extension:enterprize:2.0:User",
            "urn:ietf:params:scim:schema:extension:enterprise:2.0:User",
        ] {
            assert_eq!(meant(near, [known]), Some(known), "{near}");
        }
        for other in [
            known,
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:Group",
            "urn:ietf:params:scim:schemas:extension:enterprise:3.0:User",
            "urn:omni:params:1.0:UserAttribute",
        ] {
            assert_eq!(meant(other, [known]), None, "{other}");
        }
    }
}
