//! The names in a certificate, as the configuration writes them.

use std::net::IpAddr;

use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate};
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// Short names of RFC 4514 section 3, and the two that authorities use beside them.
const SHORT: [(&str, &str); 11] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.6", "C"),
    ("2.5.4.9", "STREET"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
    ("2.5.4.5", "serialNumber"),
];

/// Subject and subject alternative names.
#[derive(Debug, PartialEq, Eq)]
pub struct CertificateNames {
    /// RFC 4514: the last part of the encoding first, without blanks between the parts.
    pub subject: String,
    /// `dns:`, `uri:`, `email:` or `ip:` and the name; DNS names in lower case.
    pub alternative: Vec<String>,
}

impl CertificateNames {
    /// `None` where this is no certificate.
    pub fn of(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        Some(Self {
            subject: subject(certificate.subject()),
            alternative: alternative(&certificate),
        })
    }
}

fn subject(name: &X509Name<'_>) -> String {
    let mut parts: Vec<String> = name
        .iter_rdn()
        .map(|part| part.iter().map(attribute).collect::<Vec<_>>().join("+"))
        .collect();
    parts.reverse();
    parts.join(",")
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    let kind = attribute.attr_type().to_id_string();
    let short = SHORT.iter().find(|(id, _)| *id == kind).map_or(kind.as_str(), |(_, word)| word);
    match attribute.as_str() {
        Ok(text) => format!("{short}={}", escaped(text)),
        // RFC 4514 section 2.4: what is no string is written as its encoding.
        Err(_) => format!("{short}=#{}", hex::encode(attribute.attr_value().data)),
    }
}

/// RFC 4514 section 2.4.
fn escaped(text: &str) -> String {
    let last = text.chars().count().saturating_sub(1);
    let mut out = String::with_capacity(text.len());
    for (index, c) in text.chars().enumerate() {
        let edge = c == ' ' && (index == 0 || index == last) || c == '#' && index == 0;
        if edge || "\"+,;<>\\".contains(c) {
            out.push('\\');
            out.push(c);
        } else if c == '\0' {
            out.push_str("\\00");
        } else {
            out.push(c);
        }
    }
    out
}

fn alternative(certificate: &X509Certificate<'_>) -> Vec<String> {
    let extensions = certificate.extensions().iter();
    let names = extensions.filter_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectAlternativeName(names) => Some(&names.general_names),
        _ => None,
    });
    names.flatten().filter_map(general).collect()
}

fn general(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(format!("dns:{}", name.to_ascii_lowercase())),
        GeneralName::URI(uri) => Some(format!("uri:{uri}")),
        GeneralName::RFC822Name(address) => Some(format!("email:{address}")),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from).ok();
            let address = v4.or_else(|| <[u8; 16]>::try_from(*bytes).map(IpAddr::from).ok())?;
            Some(format!("ip:{address}"))
        }
        _ => None,
    }
}
