//! The `iosm` binary.

fn main() {}
