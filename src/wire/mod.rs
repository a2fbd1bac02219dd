//! Floor 11: stable JSON shapes for headless output, converted from `protocol`.
//!
//! These are promises to scripts: a field is added, never renamed or removed within a major version.
//! The inside stays free to change because everything passes through `convert`.

mod convert;
mod result;
mod schema;
mod stream;

pub use convert::{exit_code, line, result};
pub use result::{ResultObject, ResultStatus};
pub use schema::{SCHEMAS, schema_text};
pub use stream::{Line, StreamLine};
