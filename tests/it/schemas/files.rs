//! `docs/schemas/` holds exactly what the types say. `UPDATE=1` rewrites it.

use std::path::Path;

use iosm::wire::{SCHEMAS, schema_text};

#[test]
fn published_schemas_are_what_the_types_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas");
    let update = std::env::var_os("UPDATE").is_some_and(|value| value == "1");
    let mut stale = Vec::new();
    for (name, _) in SCHEMAS {
        let text = schema_text(name).unwrap();
        let path = folder.join(name);
        if update {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        if std::fs::read_to_string(&path).ok().as_deref() != Some(&text) {
            stale.push(name);
        }
    }
    assert!(
        stale.is_empty(),
        "stale in docs/schemas: {stale:?}; run `UPDATE=1 cargo test --test it schemas`"
    );
    let found = std::fs::read_dir(folder).unwrap().flatten();
    let mut found: Vec<String> = found.map(|entry| entry.file_name().into_string().unwrap()).collect();
    let mut wanted: Vec<&str> = SCHEMAS.iter().map(|(name, _)| *name).collect();
    found.sort();
    wanted.sort_unstable();
    assert_eq!(found, wanted, "docs/schemas holds the published schemas and nothing else");
}

#[test]
fn there_is_no_other_schema() {
    assert_eq!(schema_text("other.schema.json"), None);
}
