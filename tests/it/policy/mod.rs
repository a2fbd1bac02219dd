//! Policies: files and layers, presets, questions and answers, commands.

mod after_turn;
mod commands;
mod docs;
pub mod face;
mod layers;
mod own_lines;
mod presets;
mod questions;
mod reload;
