//! The terminal driver: what a terminal holds after the bytes it writes.

mod world;

mod hostile;
mod laws;
mod screen;
