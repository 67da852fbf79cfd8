//! `docs/`: the reference pages are what the program says of itself.

use std::path::Path;

use scim_gateway::cli::reference::pages;

#[test]
fn the_reference_pages_are_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for (name, text) in pages() {
        let file = folder.join(name);
        if std::env::var_os("BLESS").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&file, &text).unwrap();
        }
        let there = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(there == text, "docs/{name} is stale: BLESS=1 cargo test --test cli reference");
    }
}
