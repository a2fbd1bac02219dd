//! The moment of a call: is its agent tainted, and does it carry out what only an attacker wrote?

use super::admission::leak;
use super::effects::{Prepared, is_loopback, server_of, strings};
use super::memory::Memory;
use super::moment::Moment;
use crate::protocol::{Effect, ToolCall};

/// What the rungs are told of a call besides its effects.
pub(super) fn carried_out(
    memory: &Memory,
    agent: &str,
    call: &ToolCall,
    prepared: &Prepared,
    moment: Moment,
) -> Moment {
    let tainted = memory.taint.is_tainted(agent);
    let hosts = || {
        prepared.facts.iter().filter_map(|fact| match &fact.effect {
            Effect::Net { host, .. } if !is_loopback(host) => Some((host.as_str(), fact.is_chosen())),
            _ => None,
        })
    };
    if hosts().next().is_none() {
        return Moment { tainted, ..moment };
    }
    let arguments = strings(&call.args);
    let words = shell_words(prepared);
    let said = |value: &str| memory.provenance.said_by_user(value);
    let texts = arguments.iter().copied().chain(words.iter().map(String::as_str));
    let leak = leak(memory.opened(), texts, said);
    let mut moment = Moment { tainted, leak, ..moment };
    if tainted {
        moment.taint = memory.taint.label(agent).unwrap_or_default();
    }
    if tainted && hosts().any(|(_, chosen)| chosen) {
        let alien = |values: Vec<&str>| memory.provenance.alien(values);
        moment.alien = if prepared.shell.is_some() {
            let chosen = hosts().filter(|(_, chosen)| *chosen).map(|(host, _)| host);
            alien(addresses(&words)).or_else(|| alien_host(memory, chosen))
        } else if hosts().any(|(host, _)| server_of(host).is_some()) {
            alien(arguments)
        } else {
            alien(arguments).or_else(|| alien_host(memory, hosts().map(|(host, _)| host)))
        };
    }
    moment
}

/// A host that the user never named. What only stands in a file of the workspace is trusted text, and a
/// host that nobody wrote is the model's own.
fn alien_host<'h>(memory: &Memory, mut hosts: impl Iterator<Item = &'h str>) -> Option<String> {
    hosts.find(|host| !memory.provenance.vouches_for(host)).map(str::to_owned)
}

/// The words of the commands of a line, without quotes.
fn shell_words(prepared: &Prepared) -> Vec<String> {
    let commands = prepared.shell.iter().flat_map(|scan| &scan.commands);
    commands.flat_map(|command| command.argv.iter().map(|word| word.text.clone())).collect()
}

/// Those words that say where something goes.
fn addresses(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).filter(|word| word.contains("://")).collect()
}
