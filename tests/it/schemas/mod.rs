//! JSON Schemas: the published files are fresh, and what the binary prints keeps to them.

mod files;
