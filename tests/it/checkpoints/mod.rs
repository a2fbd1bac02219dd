//! Checkpoints: what they hold, what restoring touches, and what neither may ever touch.

mod binary;
mod field;
mod git;
mod keeping;
mod kill;
mod property;
mod rules;
