//! Writes the message structs and their codecs from the schema tables in `schema/`.
#![allow(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a build script: writing to a String cannot fail"
)]

#[path = "build/json.rs"]
mod json;
#[path = "build/names.rs"]
mod names;
#[path = "build/registry.rs"]
mod registry;
#[path = "build/rust.rs"]
mod rust;
#[path = "build/schema.rs"]
mod schema;

use std::{env, fs, path::Path};

const TABLES: [&str; 7] =
    ["rpc.txt", "data.txt", "metadata.txt", "group.txt", "txn.txt", "share.txt", "storage.txt"];

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let out = env::var("OUT_DIR").expect("cargo sets it");
    println!("cargo:rerun-if-changed=schema");
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-changed=build.rs");
    let messages: Vec<schema::Message> = TABLES
        .iter()
        .flat_map(|table| {
            let path = Path::new(&root).join("schema").join(table);
            let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            schema::parse(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        })
        .collect();
    write(&out, "messages.rs", &rust::messages(&messages));
    write(&out, "registry.rs", &registry::registry(&messages));
    write(&out, "catalogue.rs", &registry::catalogue(&messages));
    write(&out, "errors.rs", &registry::errors(&read(&root, "errors.txt")));
}

fn read(root: &str, table: &str) -> String {
    fs::read_to_string(Path::new(root).join("schema").join(table)).expect("the schema tables are readable")
}

fn write(out: &str, file: &str, text: &str) {
    fs::write(Path::new(out).join(file), text).expect("OUT_DIR is writable");
}
