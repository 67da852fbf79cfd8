//! Readers of single values: times, numbers in a range, addresses, URLs, names with their place.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::cleartext::{is_open, permitted};
use super::code::{ADDRESS, DURATION, NOT_READABLE, RANGE, UPGRADE_SOCKET};
use super::named::{Named, Vars};
use crate::diagnostic::toml::{Item, Table};
use crate::diagnostic::{Code, did_you_mean};

/// A time such as `500ms`, `30s` or `2m`, of at most a day and not zero.
pub(super) fn duration(item: Item<'_>) -> Option<Duration> {
    let text = item.string_like(TIME)?;
    let found = time(text).filter(|time| !time.is_zero());
    if found.is_none() {
        let message = format!("`{text}` is not a time");
        let diagnostic = item.mistake(DURATION, message, "not a time");
        item.reader().report(diagnostic.with_hint("write 500ms, 30s or 2m; at most a day"));
    }
    found
}

/// What a time looks like: not nothing, and no more digits than a day has.
const TIME: &str = "^0*([1-9][0-9]{0,7}ms|[1-9][0-9]{0,4}s|[1-9][0-9]{0,3}m)$";

/// What a text looks like that is not empty.
pub(super) const SOMETHING: &str = "[\\s\\S]";

/// What a URL over HTTP looks like.
pub(super) const HTTP: &str = "^[Hh][Tt][Tt][Pp][Ss]?:[^\\x00-\\x20]+$";

/// The URL that a text is; none where it has blanks or control characters, which the URL standard would
/// drop without a word.
pub(super) fn parsed(text: &str) -> Option<Url> {
    let plain = text.chars().all(|c| c > ' ');
    plain.then(|| Url::parse(text).ok()).flatten()
}

/// What a text such as `500ms`, `30s` or `2m` says; at most a day.
pub fn time(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let number = number.parse::<u64>().ok()?;
    let time = match unit {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.checked_mul(60)?),
        _ => return None,
    };
    (time <= Duration::from_secs(86_400)).then_some(time)
}

/// A whole number in a range.
pub(super) fn number(item: Item<'_>, range: std::ops::RangeInclusive<usize>) -> Option<usize> {
    let number = item.count_from(*range.start(), *range.end())?;
    if range.contains(&number) {
        return Some(number);
    }
    let message = format!("{number} is out of range");
    let hint = format!("{} to {}", range.start(), range.end());
    item.reader().report(item.mistake(RANGE, message, "out of range").with_hint(hint));
    None
}

pub(super) fn address(item: Item<'_>) -> Option<SocketAddr> {
    let text =
        item.string_like("^(([0-9]{1,3}\\.){3}[0-9]{1,3}|\\[[0-9A-Fa-f:.]+(%[0-9]+)?\\]):[0-9]+$")?;
    let address = text.parse().ok();
    if address.is_none() {
        let message = format!("`{text}` is not an address to listen on");
        let diagnostic = item.mistake(ADDRESS, message, "not ip:port");
        item.reader().report(diagnostic.with_hint("write 127.0.0.1:8080 or [::]:443"));
    }
    address
}

/// The URL of something that secrets or keys travel to or from: over TLS, or without it where it does
/// not leave this machine or where `cleartext` allows it; no user, no fragment (RFC 6749 section 3.2).
pub(super) fn private_url(item: Item<'_>, code: Code, what: &str, cleartext: bool) -> Option<Url> {
    let usable = |url: &Url| {
        matches!(url.scheme(), "https" | "http")
            && (cleartext || !is_open(url))
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none()
    };
    let url = parsed(item.string_like(HTTP)?).filter(usable);
    match &url {
        Some(url) if is_open(url) => permitted(item, what),
        Some(_) => {}
        None => {
            // The text is not repeated: a URL may hold a password.
            item.hide();
            let message = format!("this is not the URL of {what}");
            let hint = "write https://host/path, without user and fragment; http:// only to \
                        loopback, or where `cleartext = true` allows it";
            item.reader().report(item.mistake(code, message, "not usable").with_hint(hint));
        }
    }
    url
}

pub(super) fn named(item: Item<'_>) -> Option<Named> {
    let name = item.string()?.to_owned();
    Some(Named { name, file: Arc::clone(&item.reader().source().name), span: item.span() })
}

/// A path, from the configuration file's directory where it is relative.
pub(super) fn path(item: Item<'_>, directory: &Path) -> Option<PathBuf> {
    item.string().map(|text| directory.join(text))
}

/// The name at a key, without a complaint.
pub(super) fn mentioned(table: &Table<'_>, key: &'static str) -> Option<Named> {
    let item = table.item(key)?;
    item.as_str().and_then(|_| named(item))
}

/// The path of a folder that can be read now; also of one that is not there, which may come to be.
pub(super) fn folder(item: Item<'_>, directory: &Path) -> Option<PathBuf> {
    let folder = path(item, directory)?;
    if let Err(error) = std::fs::read_dir(&folder) {
        let message = format!("the folder {} cannot be read: {}", folder.display(), error.kind());
        let diagnostic = item.mistake(NOT_READABLE, message, "not readable");
        let beside = folder.parent().map(folders).unwrap_or_default();
        let name = folder.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let hint = match did_you_mean(&name, beside.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "a folder of dialects, from this file's own folder on".to_owned(),
        };
        item.reader().report(diagnostic.with_hint(hint));
    }
    Some(folder)
}

/// The folders in a folder, some at most.
fn folders(folder: &Path) -> Vec<String> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = std::fs::read_dir(folder).into_iter().flatten().take(1_000).flatten();
    let folders = entries.filter(|entry| entry.path().is_dir());
    folders.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// The path of a file that can be read now.
pub(super) fn readable(item: Item<'_>, directory: &Path) -> Option<PathBuf> {
    let file = path(item, directory)?;
    if std::fs::read(&file).is_err() {
        let message = format!("{} cannot be read", file.display());
        item.reader().report(item.mistake(NOT_READABLE, message, "not readable"));
        return None;
    }
    Some(file)
}

/// The variables at a key; where there are none, their place is the whole table.
pub(super) fn vars(table: &Table<'_>, key: &'static str) -> Vars {
    let item = table.item(key);
    let span = item.map_or(table.span(), Item::span);
    let values = item
        .and_then(Item::table)
        .into_iter()
        .flat_map(|vars| vars.free().collect::<Vec<_>>())
        .filter_map(|(name, value)| Some((name.to_owned(), value.string()?.to_owned())))
        .collect();
    Vars { values, file: Arc::clone(&table.reader().source().name), span }
}

/// The longest path of a socket (`sun_path` of unix(7)), in bytes.
const LONGEST: usize = 107;

/// The absolute path of a socket in a folder that is there.
pub(super) fn socket(item: Item<'_>, directory: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path(item, directory)?).ok()?;
    let short = path.as_os_str().len() <= LONGEST;
    let fits = short && path.to_str().is_some() && path.parent().is_some_and(Path::is_dir);
    if !fits {
        let message = "this socket cannot be made";
        let hint = format!("a path of at most {LONGEST} bytes in a folder that is there");
        item.reader().report(item.mistake(UPGRADE_SOCKET, message, "not usable").with_hint(hint));
    }
    fits.then_some(path)
}
