//! Whether the lines of audit files are those that were written: their numbers and hashes, over all files
//! that are given, in whichever order.
//!
//! A chain shows what was changed, moved or taken out between its lines. It does not show what was cut off at
//! its end, and whoever may write the file can make it anew: for both, a head has to be kept elsewhere.

use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use super::target::Head;
use super::target::hash;

/// Mistakes that are told; what comes after is mostly their consequence.
const MISTAKES: usize = 20;

/// What was found.
#[derive(Debug, Default, Serialize)]
pub struct Verified {
    pub lines: u64,
    /// The number of the first line: beyond 1, older files are not among those given.
    pub first: Option<u64>,
    /// The last line.
    pub head: Head,
    /// Where the files are not what was written, and how; none where they are.
    pub mistakes: Vec<Mistake>,
    /// Whether the head that was asked for is the hash of one of the lines; `None` where none was.
    pub anchored: Option<bool>,
}

/// A line that does not go on from the one before.
#[derive(Debug, Serialize)]
pub struct Mistake {
    pub file: String,
    pub line: u64,
    pub what: String,
}

/// What is read of a line.
#[derive(Deserialize)]
struct Link {
    seq: u64,
    prev: Option<String>,
}

/// Reads the files. `anchor` is the hash of a line, in hexadecimal, that was kept elsewhere.
///
/// # Errors
/// The first file that cannot be read.
pub fn verify(files: &[PathBuf], anchor: Option<&str>) -> Result<Verified, (PathBuf, io::Error)> {
    let mut ordered = Vec::new();
    for file in files {
        let first = first(file).map_err(|error| (file.clone(), error))?;
        ordered.push((first, file));
    }
    ordered.sort();
    let mut verified = Verified { anchored: anchor.map(|_| false), ..Verified::default() };
    for (_, file) in ordered {
        verified.read(file, anchor).map_err(|error| (file.clone(), error))?;
    }
    Ok(verified)
}

/// The number of the first line of a file that has one.
fn first(file: &Path) -> io::Result<Option<u64>> {
    for line in BufReader::new(std::fs::File::open(file)?).split(b'\n') {
        if let Ok(Link { seq, .. }) = serde_json::from_slice(&line?) {
            return Ok(Some(seq));
        }
    }
    Ok(None)
}

impl Verified {
    /// Whether nothing was found, and what was asked for was.
    pub fn is_sound(&self) -> bool {
        self.mistakes.is_empty() && self.anchored != Some(false)
    }

    fn read(&mut self, file: &Path, anchor: Option<&str>) -> io::Result<()> {
        let mut reader = BufReader::new(std::fs::File::open(file)?);
        let (mut line, mut number) = (Vec::new(), 0);
        loop {
            line.clear();
            if reader.read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            number += 1;
            let whole = line.pop_if(|last| *last == b'\n').is_some();
            let found = match serde_json::from_slice::<Link>(&line) {
                Ok(link) if whole => self.follow(link, &line, anchor),
                _ => Some("this is no whole line of an audit file".to_owned()),
            };
            if let Some(what) = found
                && self.mistakes.len() < MISTAKES
            {
                let file = file.display().to_string();
                self.mistakes.push(Mistake { file, line: number, what });
            }
        }
    }

    /// Goes on to the next line; what is wrong with it.
    fn follow(&mut self, link: Link, line: &[u8], anchor: Option<&str>) -> Option<String> {
        let Link { seq, prev } = link;
        let next = self.head.seq.saturating_add(1);
        let found = match (self.first, prev) {
            (None, None) if seq == 1 => None,
            (None, Some(_)) if seq > 1 => None,
            (None, _) => Some(format!("line {seq} is not the first of a chain, and says so")),
            (Some(_), _) if seq > next => Some(match seq - next {
                1 => format!("line {next} is missing"),
                _ => format!("lines {next} to {} are missing", seq - 1),
            }),
            (Some(_), _) if seq < next => {
                Some(format!("line {seq} comes after line {}", self.head.seq))
            }
            (Some(_), Some(prev)) if prev == self.head.hash => None,
            (Some(_), _) => Some(format!("line {} is not the one that was written", seq - 1)),
        };
        self.first.get_or_insert(seq);
        self.lines += 1;
        self.head = Head { seq, hash: hash(line) };
        if anchor.is_some_and(|anchor| anchor.eq_ignore_ascii_case(&self.head.hash)) {
            self.anchored = Some(true);
        }
        found
    }
}
