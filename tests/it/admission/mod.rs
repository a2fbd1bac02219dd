//! What comes back from a tool, and what it may then lead to: secrets, withheld instructions, taint, sinks.

mod agentdojo;
mod secrets;
mod taint;
mod world;
