//! Has cargo rebuild when a file of the embedded `rules/` changes, which the macro cannot.

fn main() {
    println!("cargo::rerun-if-changed=rules");
    println!("cargo::rerun-if-changed=build.rs");
}
