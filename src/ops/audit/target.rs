//! The file at the path, whichever that is by now, and the chain of its lines.
//!
//! A line begins with `seq`, one more than the line before it has, and `prev`, the SHA-256 of the line
//! before it without its end of line. The chain is one for all processes that write to one path, one after
//! the other or two at once in an upgrade, and goes on in the next file after a rotation: the number and the
//! hash of the last line stand beside the file, in `<file>.head`, which is locked while lines are written.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Of the end of a file, to find its last line.
const TAIL: u64 = 1 << 20;
/// Of the file beside, in bytes.
pub(super) const LONGEST_HEAD: u64 = 256;

/// The last line of a chain: its number, and its hash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub seq: u64,
    /// SHA-256 in hexadecimal; empty before the first line.
    pub hash: String,
}

pub(super) struct Target {
    file: Followed,
    beside: Followed,
    head: Head,
}

/// A file by its path; opened anew where another stands there, or none: it was renamed or removed.
struct Followed {
    path: PathBuf,
    open: Option<File>,
    append: bool,
}

impl Head {
    /// A line's text with its place in the chain, and its end of line.
    pub(super) fn seal(&mut self, line: &[u8]) -> Vec<u8> {
        let seq = self.seq + 1;
        let prev = if self.hash.is_empty() { "null".into() } else { format!("\"{}\"", self.hash) };
        let mut sealed = format!("{{\"seq\":{seq},\"prev\":{prev},").into_bytes();
        sealed.extend_from_slice(line.strip_prefix(b"{").unwrap_or(line));
        *self = Self { seq, hash: hash(&sealed) };
        sealed.push(b'\n');
        sealed
    }
}

/// What the file beside says; `None` where that is no head.
pub(super) fn head_of(text: &[u8]) -> Option<Head> {
    serde_json::from_slice(text.split(|byte| *byte == b'\n').next()?).ok()
}

/// The SHA-256 of a line without its end of line, in hexadecimal.
pub(super) fn hash(line: &[u8]) -> String {
    hex::encode(Sha256::digest(line))
}

impl Target {
    /// # Errors
    /// Where the file, or the one beside it, cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(".head");
        let followed = |path: PathBuf, append| Followed { path, open: None, append };
        let mut target = Self {
            file: followed(path.to_owned(), true),
            beside: followed(beside.into(), false),
            head: Head::default(),
        };
        target.file.follow()?;
        let _lock = target.lock()?;
        target.head = newest(target.read_head(), last_line(path)?);
        Ok(target)
    }

    /// Appends whole lines, or none of them.
    pub fn append(&mut self, lines: &[Vec<u8>]) -> io::Result<()> {
        let _lock = self.lock()?;
        // Another process may have written meanwhile.
        let mut head = newest(self.read_head(), std::mem::take(&mut self.head));
        let before = head.clone();
        let written = self.write(lines, &mut head);
        self.head = if written.is_ok() { head } else { before };
        written
    }

    /// Tells the log where the chain stands: a copy that the file's keeper cannot change.
    pub fn say(&self) {
        let Head { seq, hash } = &self.head;
        tracing::info!(seq, hash, "audit head");
    }

    fn write(&mut self, lines: &[Vec<u8>], head: &mut Head) -> io::Result<()> {
        // Half a line of somebody who was cut off must not spoil the next one.
        let mut batch = if ends_whole(&self.file.path)? { Vec::new() } else { vec![b'\n'] };
        let (file, renewed) = self.file.follow()?;
        if renewed && head.seq > 0 {
            let Head { seq, hash } = &*head;
            tracing::info!(seq, hash, "audit head");
        }
        lines.iter().for_each(|line| batch.extend(head.seal(line)));
        let length = file.metadata()?.len();
        let written = file.write_all(&batch);
        if written.is_err() {
            // Where that fails, too, a reader finds one bad line.
            let _ = file.set_len(length);
        }
        written?;
        // Without it the next process reads the file's last line.
        let _ = self.write_head(head);
        Ok(())
    }

    /// Keeps other processes from writing until what is returned is dropped.
    fn lock(&mut self) -> io::Result<Lock> {
        let (file, _) = self.beside.follow()?;
        let file = file.try_clone()?;
        file.lock()?;
        Ok(Lock(file))
    }

    fn read_head(&self) -> Head {
        let mut text = [0; LONGEST_HEAD as usize];
        let Some(file) = &self.beside.open else { return Head::default() };
        let read = file.read_at(&mut text, 0).unwrap_or(0);
        text.get(..read).and_then(head_of).unwrap_or_default()
    }

    fn write_head(&self, head: &Head) -> io::Result<()> {
        let Some(file) = &self.beside.open else { return Ok(()) };
        let mut text = serde_json::to_vec(head)?;
        text.push(b'\n');
        file.write_all_at(&text, 0)
    }
}

/// A lock on the file beside; dropped, it is free.
#[must_use = "dropped, the lock is free"]
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Where that fails, the end of the process frees it.
        let _ = self.0.unlock();
    }
}

impl Followed {
    /// The file, and whether it was opened anew.
    fn follow(&mut self) -> io::Result<(&mut File, bool)> {
        let same = match (&self.open, std::fs::metadata(&self.path)) {
            (Some(file), Ok(there)) => {
                let own = file.metadata()?;
                (own.dev(), own.ino()) == (there.dev(), there.ino())
            }
            _ => false,
        };
        if !same {
            self.open = None;
        }
        match &mut self.open {
            Some(file) => Ok((file, false)),
            none => Ok((none.insert(open(&self.path, self.append)?), true)),
        }
    }
}

/// Readable by the owner and their group alone.
fn open(path: &Path, append: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).mode(0o640);
    match append {
        true => options.append(true).open(path),
        false => options.read(true).write(true).truncate(false).open(path),
    }
}

fn newest(one: Head, other: Head) -> Head {
    if other.seq > one.seq { other } else { one }
}

/// Whether the file is empty or its last line has an end.
fn ends_whole(path: &Path) -> io::Result<bool> {
    Ok(tail(path, 1)?.is_none_or(|last| last.is_empty() || last.ends_with(b"\n")))
}

/// What the last whole line of a file says of its chain; nothing where there is none.
fn last_line(path: &Path) -> io::Result<Head> {
    let Some(text) = tail(path, TAIL)? else { return Ok(Head::default()) };
    let whole = text.iter().rposition(|byte| *byte == b'\n').and_then(|end| text.get(..end));
    let line = whole.and_then(|whole| whole.rsplit(|byte| *byte == b'\n').next());
    let line = line.unwrap_or_default();
    let seq = serde_json::from_slice(line).ok().map(|Numbered { seq }| seq);
    Ok(seq.map(|seq| Head { seq, hash: hash(line) }).unwrap_or_default())
}

/// What is read of a line that was written before.
#[derive(Deserialize)]
struct Numbered {
    seq: u64,
}

/// The end of a file, so many bytes of it; `None` where it is no file that can be read.
fn tail(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let Ok(mut file) = File::open(path) else { return Ok(None) };
    let there = file.metadata()?;
    if !there.is_file() {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(there.len().saturating_sub(most)))?;
    let mut text = Vec::new();
    file.take(most).read_to_end(&mut text)?;
    Ok(Some(text))
}
