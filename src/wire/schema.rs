//! JSON Schemas of the shapes, generated from their types. `docs/schemas/` holds what this prints; a
//! test keeps them equal (`UPDATE=1` rewrites them).

use schemars::generate::SchemaSettings;

use super::result::ResultObject;
use super::stream::StreamLine;
use crate::config::{Profile, Settings};
use crate::engine::{Audit, Transcript, Why};

/// File names under `docs/schemas/`, with what each describes.
pub const SCHEMAS: [(&str, &str); 7] = [
    ("result.schema.json", "the object of --output-format json"),
    ("stream.schema.json", "one line of --output-format stream-json"),
    ("audit.schema.json", "iosm audit --json"),
    ("why.schema.json", "iosm why --json"),
    ("session.schema.json", "iosm sessions export --format json"),
    ("settings.schema.json", "settings.yaml"),
    ("profile.schema.json", "profiles/*.yaml"),
];

/// The schema behind a name of [`SCHEMAS`], pretty-printed; `None` for any other name.
pub fn schema_text(name: &str) -> Option<String> {
    // What we write has every field, null or not; what people write may leave most of them out.
    let written = || SchemaSettings::draft2020_12().for_serialize().into_generator();
    let read = || SchemaSettings::draft2020_12().for_deserialize().into_generator();
    let schema = match name {
        "result.schema.json" => written().into_root_schema_for::<ResultObject>(),
        "stream.schema.json" => written().into_root_schema_for::<StreamLine>(),
        "audit.schema.json" => written().into_root_schema_for::<Audit>(),
        "why.schema.json" => written().into_root_schema_for::<Why>(),
        "session.schema.json" => written().into_root_schema_for::<Transcript>(),
        "settings.schema.json" => read().into_root_schema_for::<Settings>(),
        "profile.schema.json" => read().into_root_schema_for::<Profile>(),
        _ => return None,
    };
    serde_json::to_string_pretty(&schema).ok().map(|text| text + "\n")
}
