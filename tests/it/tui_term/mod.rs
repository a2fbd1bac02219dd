//! The terminal driver: what a terminal holds after the bytes it writes.

mod tmux;
mod world;

pub use world::joined;

mod guard;
mod hostile;
mod laws;
mod resize;
mod screen;
