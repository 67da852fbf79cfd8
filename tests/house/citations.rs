//! What comments cite is there: files of the repository, and the numbers and headings of its pages. RFCs have
//! numbers of their own, which nothing here can look up.

use std::path::Path;

use crate::files::rust;

const FOLDERS: [&str; 3] = ["src", "tests", "benches"];

/// What a path in a comment begins with.
const ROOTS: [&str; 8] =
    ["src/", "tests/", "benches/", "docs/", "rules/", "deploy/", "fuzz/", ".ci/"];

const SEMANTICS: &str = "docs/semantics.md";

/// What may stand behind a word that is cited.
const BEHIND: [char; 10] = [')', ']', '`', '"', ',', ';', ':', '.', '!', '?'];

#[derive(Debug, PartialEq, Eq)]
enum Cited {
    /// A file or a folder.
    Path(String),
    /// A page, and the number of a heading.
    Section(String, String),
    /// A page, and a heading.
    Heading(String, String),
    /// A law, by its number.
    Law(String),
}

/// The comments of a file, each with the line that it begins at. Lines that follow each other are one.
fn comments(text: &str) -> Vec<(usize, String)> {
    let mut all: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (number, line) in (1..).zip(text.lines()) {
        let whole = line.trim_start().strip_prefix("//");
        let said = whole.or_else(|| line.split_once(" // ").map(|(_, behind)| behind));
        if let Some(said) = said {
            let said = said.trim_start_matches(['/', '!']).trim();
            match all.last_mut() {
                Some((_, before)) if goes_on && whole.is_some() => {
                    before.push(' ');
                    before.push_str(said);
                }
                _ => all.push((number, said.to_owned())),
            }
        }
        goes_on = whole.is_some();
    }
    all
}

/// What a comment cites.
fn cited(comment: &str) -> Vec<Cited> {
    let words: Vec<&str> = comment.split_whitespace().collect();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let (name, behind) = (bare(word), words.get(at + 1..).unwrap_or_default());
        if ["law", "laws"].iter().any(|law| name.eq_ignore_ascii_case(law)) {
            found.extend(numbers(behind).into_iter().map(Cited::Law));
            continue;
        }
        if is_path(name) {
            found.push(Cited::Path(name.to_owned()));
        }
        let page = match name {
            "semantics" => SEMANTICS,
            name if is_path(name) && name.ends_with(".md") => name,
            _ => continue,
        };
        if word.ends_with(',') {
            let heading = quoted(behind).map(|heading| Cited::Heading(page.to_owned(), heading));
            found.extend(heading);
        } else if !closes(word) {
            let section = |number| Cited::Section(page.to_owned(), number);
            found.extend(numbers(behind).into_iter().map(section));
        }
    }
    found
}

/// A word without what stands around it.
fn bare(word: &str) -> &str {
    let word = word.trim_start_matches(['(', '[', '`', '"', '\'']).trim_end_matches(BEHIND);
    word.strip_suffix("'s").unwrap_or(word).trim_end_matches(BEHIND)
}

/// Whether a word is the last one of what is cited.
fn closes(word: &str) -> bool {
    word.ends_with([')', ';', ':', '.'])
}

/// A path with a placeholder in it is none, and of what stands at the root, pages are cited alone.
fn is_path(name: &str) -> bool {
    let below = ROOTS.iter().any(|root| name.starts_with(root));
    let stem = name.strip_suffix(".md").unwrap_or_default();
    let page = !stem.is_empty() && stem.chars().all(|c| c.is_ascii_uppercase());
    (below || page) && !name.contains(['<', '*', '{', '…'])
}

/// The numbers that words begin with: `1.4`, `1.4 and 1.5`, `2.2 to 2.4`.
fn numbers(words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for word in words {
        let number = bare(word);
        let mut parts = number.split('.');
        let short = number.split('.').count() <= 2;
        let digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
        if short && parts.all(digits) {
            found.push(number.to_owned());
            if closes(word) {
                break;
            }
        } else if found.is_empty() || !["and", "to"].contains(word) {
            break;
        }
    }
    found
}

/// What stands in quotes where words begin with them.
fn quoted(words: &[&str]) -> Option<String> {
    let text = words.join(" ");
    let (heading, _) = text.strip_prefix('"')?.split_once('"')?;
    Some(heading.to_owned())
}

fn is_there(cited: &Cited) -> bool {
    match cited {
        Cited::Path(path) => root().join(path).exists(),
        Cited::Section(page, number) => {
            headings(page).iter().any(|heading| heading.split(' ').next() == Some(number))
        }
        Cited::Heading(page, heading) => headings(page).contains(heading),
        // The rows of the laws begin with a number and a name.
        Cited::Law(number) => read(SEMANTICS).lines().any(|line| {
            let row = line.strip_prefix("| ").and_then(|row| row.split_once(' '));
            row.is_some_and(|(first, rest)| first == number && !rest.starts_with('|'))
        }),
    }
}

fn headings(page: &str) -> Vec<String> {
    let text = read(page);
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| line.trim_start_matches('#').trim().to_owned()).collect()
}

/// A page; one that is not there has no headings, and is itself cited wrongly.
fn read(page: &str) -> String {
    std::fs::read_to_string(root().join(page)).unwrap_or_default()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn what_comments_cite_is_there() {
    let (mut wrong, mut sections) = (Vec::new(), 0);
    for file in rust(&FOLDERS) {
        for (line, comment) in comments(&file.text) {
            for one in cited(&comment) {
                sections += usize::from(matches!(one, Cited::Section(..)));
                if !is_there(&one) {
                    wrong.push(format!("{}:{line}: {one:?}", file.path));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(sections >= 10, "{sections}");
}

/// What numbers something that is not in the repository: a section of a design, a finding of a review.
fn astray(comment: &str) -> Option<String> {
    const PAGES: [&str; 6] = ["design", "edge", "engine", "newcomer", "review", "finding"];
    let words: Vec<&str> = comment.split_whitespace().collect();
    let number = |word: &str| {
        let digits = word.trim_start_matches(|c: char| c.is_ascii_uppercase());
        word.len() - digits.len() <= 1 && digits.starts_with(|c: char| c.is_ascii_digit())
    };
    let pairs = words.windows(2).filter_map(|pair| <[&str; 2]>::try_from(pair).ok());
    let of_page = pairs.filter(|[page, behind]| {
        PAGES.iter().any(|known| bare(page).eq_ignore_ascii_case(known)) && number(behind)
    });
    let of_page = of_page.map(|pair| pair.join(" "));
    let finding = words.iter().filter(|word| {
        let name = word.trim_end_matches(':');
        name.len() < word.len()
            && name.len() <= 3
            && number(name)
            && name.starts_with(['A', 'B', 'C', 'D', 'E'])
    });
    of_page.chain(finding.map(|word| (*word).to_owned())).next()
}

#[test]
fn comments_cite_nothing_that_is_elsewhere() {
    let mut wrong = Vec::new();
    for file in rust(&FOLDERS) {
        for (line, comment) in comments(&file.text) {
            wrong.extend(astray(&comment).map(|what| format!("{}:{line}: {what}", file.path)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for cites in ["put (design 6c) is", "E14: a list", "Edge review 28: so", "newcomer B2"] {
        assert!(astray(cites).is_some(), "{cites}");
    }
    assert_eq!(astray("RFC 7644: R029 is a code, and 3 of them"), None);
}

#[test]
fn citations_are_read_as_they_are_written() {
    let text = "//! Puts (docs/semantics.md 4.3 and\n//! 4.4), as `tests/seeds.md` says.\n\
                let x = 1; // semantics 9, law 6 (ARCHITECTURE.md, \"Rooms\"): RFC 7644 section 3.5.2\n";
    let found: Vec<_> = comments(text).iter().flat_map(|(_, comment)| cited(comment)).collect();
    let section = |number: &str| Cited::Section(SEMANTICS.to_owned(), number.to_owned());
    let wanted = [
        Cited::Path(SEMANTICS.to_owned()),
        section("4.3"),
        section("4.4"),
        Cited::Path("tests/seeds.md".to_owned()),
        section("9"),
        Cited::Law("6".to_owned()),
        Cited::Path("ARCHITECTURE.md".to_owned()),
        Cited::Heading("ARCHITECTURE.md".to_owned(), "Rooms".to_owned()),
    ];
    assert_eq!(found, wanted);
    assert!(wanted.iter().all(is_there));
    for none in [section("4.33"), Cited::Path("src/none.rs".into()), Cited::Law("99".into())] {
        assert!(!is_there(&none), "{none:?}");
    }
    assert_eq!(cited("Below rules/overlays/<file>, and tests/*.rs"), []);
}
