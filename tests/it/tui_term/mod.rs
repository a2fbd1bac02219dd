//! The terminal driver: what a terminal holds after the bytes it writes.

mod tmux;
mod world;

mod guard;
mod hostile;
mod laws;
mod resize;
mod screen;
