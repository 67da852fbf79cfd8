//! Whether the lines of audit files are those that were written: their numbers and hashes, over all files
//! that are given, in whichever order.
//!
//! A chain shows what was changed, moved or taken out between its lines. It does not show what was cut off at
//! its end; the head beside the file (`<file>.head`) does, as long as nobody changes that, too. Whoever may write
//! both can make them anew: for that, a head has to be kept elsewhere.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

pub use super::target::Head;
use super::target::{LONGEST_HEAD, hash, head_of};

/// Mistakes that are told; what comes after is mostly their consequence.
const MISTAKES: usize = 20;

/// What a packed file begins with, and what unpacks it.
const PACKED: [(&[u8], &str, &str); 4] = [
    (b"\x1f\x8b", "gzip", "gzip -dk"),
    (b"\x28\xb5\x2f\xfd", "zstd", "zstd -dk"),
    (b"\xfd7zXZ\0", "xz", "xz -dk"),
    (b"BZh", "bzip2", "bzip2 -dk"),
];

/// What was found.
#[derive(Debug, Default, Serialize)]
pub struct Verified {
    /// Lines of the chain.
    pub lines: u64,
    /// Lines of before the chain, which have no number: of version 0.1.0. Nothing is known of them.
    pub unchained: u64,
    /// The number of the first line: beyond 1, older files are not among those given.
    pub first: Option<u64>,
    /// The last line; `None` where there is none.
    pub head: Option<Head>,
    /// Where the files are not what was written, and how; none where they are.
    pub mistakes: Vec<Mistake>,
    /// Whether the head that was asked for is the hash of one of the lines; `None` where none was.
    pub anchored: Option<bool>,
    /// What the files beside (`<file>.head`) say that the lines come to.
    #[serde(skip)]
    beside: Vec<Beside>,
}

/// A line that does not go on from the one before.
#[derive(Debug, Serialize)]
pub struct Mistake {
    pub file: String,
    pub line: u64,
    pub what: String,
}

/// The head that stands in a file beside.
#[derive(Debug)]
struct Beside {
    file: String,
    head: Head,
}

/// What is read of a line.
#[derive(Deserialize)]
struct Link {
    /// Lines of before the chain have none.
    seq: Option<u64>,
    prev: Option<String>,
    /// Each line has one.
    time: Option<IgnoredAny>,
}

/// Reads the files. `anchor` is the hash of a line, in hexadecimal, that was kept elsewhere.
///
/// # Errors
/// The first file that cannot be read.
pub fn verify(files: &[PathBuf], anchor: Option<&str>) -> Result<Verified, (PathBuf, io::Error)> {
    let mut verified = Verified { anchored: anchor.map(|_| false), ..Verified::default() };
    let mut ordered = Vec::new();
    // Heads first: a gateway that runs may write lines meanwhile.
    let (heads, files): (Vec<_>, Vec<_>) = files.iter().partition(|file| is_head(file));
    for file in heads {
        verified.beside(file).map_err(|error| (file.clone(), error))?;
    }
    for file in files {
        let told = |error| (file.clone(), error);
        match packed(file).map_err(told)? {
            Some(what) => verified.tell(file, 1, what),
            None => ordered.push((first(file).map_err(told)?, file)),
        }
    }
    ordered.sort();
    for (_, file) in ordered {
        verified.read(file, anchor).map_err(|error| (file.clone(), error))?;
    }
    verified.compare();
    Ok(verified)
}

/// Whether it is the file beside an audit file, which holds no lines.
fn is_head(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "head")
}

/// What to do with a file that is packed.
fn packed(file: &Path) -> io::Result<Option<String>> {
    let mut begin = Vec::new();
    File::open(file)?.take(8).read_to_end(&mut begin)?;
    let found = PACKED.into_iter().find(|(magic, ..)| begin.starts_with(magic));
    Ok(found.map(|(_, name, unpack)| {
        format!("this file is packed ({name}): unpack it (`{unpack}`), and give what comes of it")
    }))
}

/// The number of the first line of a file that has one.
fn first(file: &Path) -> io::Result<Option<u64>> {
    for line in BufReader::new(File::open(file)?).split(b'\n') {
        if let Ok(Link { seq: Some(seq), .. }) = serde_json::from_slice(&line?) {
            return Ok(Some(seq));
        }
    }
    Ok(None)
}

impl Verified {
    /// Whether something was shown, nothing is wrong, and what was asked for was found.
    pub fn is_sound(&self) -> bool {
        self.why().is_none()
    }

    /// Why the files are not shown to be what was written.
    pub fn why(&self) -> Option<&'static str> {
        if self.anchored == Some(false) {
            Some("no line has the hash that --head names: lines were cut off or written anew")
        } else if !self.mistakes.is_empty() {
            Some("these files are not what was written")
        } else if self.head.is_none() {
            Some("there is no line with a number in these files, so nothing is shown")
        } else {
            None
        }
    }

    fn read(&mut self, file: &Path, anchor: Option<&str>) -> io::Result<()> {
        let mut reader = BufReader::new(File::open(file)?);
        let (mut line, mut number, mut unchained) = (Vec::new(), 0, 0);
        loop {
            line.clear();
            if reader.read_until(b'\n', &mut line)? == 0 {
                self.unchained += unchained;
                return Ok(());
            }
            number += 1;
            let whole = line.pop_if(|last| *last == b'\n').is_some();
            let found = match serde_json::from_slice::<Link>(&line) {
                Ok(Link { seq: Some(seq), prev, .. }) if whole => {
                    let begin = self.first.is_none() && seq > 1 && unchained > 0;
                    let found = self.follow(seq, prev, &line, anchor);
                    let missing =
                        || format!("{} missing: the chain begins here", lines(1, seq - 1));
                    if begin { Some(missing()) } else { found }
                }
                Ok(Link { seq: None, time: Some(_), .. }) if whole && self.first.is_none() => {
                    unchained += 1;
                    None
                }
                Ok(Link { seq: None, time: Some(_), .. }) if whole => {
                    Some("this line has no number, and those before it have".to_owned())
                }
                _ => Some("this is no whole line of an audit file".to_owned()),
            };
            if let Some(what) = found {
                self.tell(file, number, what);
            }
        }
    }

    fn tell(&mut self, file: &Path, line: u64, what: String) {
        if self.mistakes.len() < MISTAKES {
            self.mistakes.push(Mistake { file: file.display().to_string(), line, what });
        }
    }

    /// Reads a head; an empty file is one of before the first line.
    fn beside(&mut self, file: &Path) -> io::Result<()> {
        let mut text = Vec::new();
        File::open(file)?.take(LONGEST_HEAD).read_to_end(&mut text)?;
        match head_of(&text) {
            Some(head) => {
                self.beside.push(Beside { file: file.display().to_string(), head });
            }
            None if text.is_empty() => {}
            None => self.tell(file, 1, "this is no head of an audit file".to_owned()),
        }
        Ok(())
    }

    /// Holds the heads that stand beside against the last line. One that is behind was not written when its
    /// process ended; its line was compared when it was read.
    fn compare(&mut self) {
        let last = self.head.as_ref().map_or(0, |head| head.seq);
        for Beside { file, head } in std::mem::take(&mut self.beside) {
            if head.seq > last {
                let missing = lines(last + 1, head.seq);
                let what = format!("{missing} missing: this head is of line {}", head.seq);
                self.tell(Path::new(&file), 1, what);
            }
        }
    }

    /// Goes on to the next line; what is wrong with it.
    fn follow(
        &mut self,
        seq: u64,
        prev: Option<String>,
        line: &[u8],
        anchor: Option<&str>,
    ) -> Option<String> {
        let last = self.head.take().unwrap_or_default();
        let next = last.seq.saturating_add(1);
        let own = Head { seq, hash: hash(line) };
        let found = match (self.first, prev) {
            (None, None) if seq == 1 => None,
            (None, Some(_)) if seq > 1 => None,
            (None, _) => Some(format!("line {seq} is not the first of a chain, and says so")),
            (Some(_), _) if seq > next => Some(format!("{} missing", lines(next, seq - 1))),
            (Some(_), _) if seq < next => Some(format!("line {seq} comes after line {}", last.seq)),
            (Some(_), Some(prev)) if prev == last.hash => None,
            (Some(_), _) => Some(format!("line {} is not the one that was written", seq - 1)),
        };
        let beside = self.beside.iter().find(|one| one.head.seq == seq && one.head != own);
        let beside = beside
            .map(|one| format!("line {seq} is not the one that was written, says {}", one.file));
        self.first.get_or_insert(seq);
        self.lines += 1;
        if anchor.is_some_and(|anchor| anchor.eq_ignore_ascii_case(&own.hash)) {
            self.anchored = Some(true);
        }
        self.head = Some(own);
        found.or(beside)
    }
}

/// `line 3 is`, `lines 3 to 5 are`
fn lines(from: u64, to: u64) -> String {
    if from == to { format!("line {from} is") } else { format!("lines {from} to {to} are") }
}
