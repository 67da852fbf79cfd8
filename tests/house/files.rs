//! The project's Rust files, as text.

use std::path::Path;

use walkdir::WalkDir;

pub struct File {
    /// From the project's root, with `/`.
    pub path: String,
    pub text: String,
}

/// Every Rust file below the folders, sorted.
pub fn rust(folders: &[&str]) -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in folders.iter().map(|folder| root.join(folder)).filter(|path| path.exists()) {
        for entry in WalkDir::new(folder).sort_by_file_name() {
            let path = entry.unwrap().into_path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                files.push(File { path, text });
            }
        }
    }
    assert!(!files.is_empty(), "{folders:?}");
    files
}

impl File {
    /// The room of a file in `src/`: `src/cli/mod.rs` and `src/fault.rs` are in cli and fault.
    pub fn room(&self) -> &str {
        let inner = self.path.strip_prefix("src/").unwrap();
        inner.split(['/', '.']).next().unwrap()
    }

    /// The text up to the unit tests.
    pub fn without_tests(&self) -> &str {
        self.text.split("#[cfg(test)]").next().unwrap()
    }

    /// The lines that are not comments, without the unit tests.
    pub fn code(&self) -> impl Iterator<Item = &str> {
        self.without_tests().lines().filter(|line| !line.trim_start().starts_with("//"))
    }
}
