//! Slash commands that are the screen's own, and what a choice in a list comes to.

use super::boards::SETTINGS;
use super::effect::{Effect, Pick};
use super::pager::Place;
use super::secret::Secret;
use super::state::App;
use crate::engine::{
    COMMANDS, CommandPlace, KEYED, SessionChoice, extra_words, listed_entry, unknown_command,
};
use crate::protocol::Op;
use crate::tui::dialog::{Dialog, Page, Picker, PickerRow};

impl App {
    /// Carries out a line without its slash, or hands it to the engine.
    pub(super) fn command(&mut self, line: &str, now_ms: u64) {
        let line = line.trim();
        let (name, args) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let args = args.trim();
        let known = COMMANDS.iter().find(|command| command.name == name || command.aliases.contains(&name));
        // Those of the user's own are the engine's to find.
        let Some(command) = known else { return self.op(Op::Command(line.to_owned())) };
        match (command.place, command.name) {
            (CommandPlace::Face, _) if let Some(report) = extra_words(command, args) => {
                self.refuse(&report, now_ms);
            }
            (CommandPlace::Face, name) => self.own_command(name, args, now_ms),
            // Without an argument these are a choice.
            (_, "model") if args.is_empty() => self.effects.push(Effect::Pick(Pick::Model)),
            (_, "profile") if args.is_empty() => self.effects.push(Effect::Pick(Pick::Profile)),
            (_, "tree") if args.is_empty() => self.effects.push(Effect::Pick(Pick::Tree)),
            (_, "diff") => {
                let (revision, place) = (args.to_owned(), Place::Passage(0));
                self.effects.push(Effect::Changes { revision, place });
            }
            (_, "settings") => self.effects.push(Effect::Settings),
            (_, "rewind") if args.is_empty() => self.effects.push(Effect::Pick(Pick::Rewind)),
            (_, "rollback") if args.is_empty() => self.effects.push(Effect::Pick(Pick::Checkpoint)),
            _ => self.op(Op::Command(line.to_owned())),
        }
    }

    fn own_command(&mut self, name: &str, args: &str, now_ms: u64) {
        match name {
            "new" => self.effects.push(Effect::Open(SessionChoice::New)),
            "resume" if args.is_empty() => self.effects.push(Effect::Pick(Pick::Session)),
            "resume" => self.effects.push(Effect::Open(SessionChoice::Named(args.to_owned()))),
            "fork" => self.fork(args, now_ms),
            "theme" if args.is_empty() => self.effects.push(Effect::Pick(Pick::Theme)),
            "theme" => self.effects.push(Effect::Theme(args.to_owned())),
            "keys" => self.show_keys(),
            "copy" if self.answer.is_empty() => self.say("There is no answer to copy yet", now_ms),
            "copy" => self.effects.push(Effect::Copy(self.answer.clone())),
            "login" if args.is_empty() => self.ask_provider(),
            "login" if KEYED.contains(&args) => self.ask_key(args),
            "login" | "logout" if !KEYED.contains(&args) => {
                self.say(format!("a provider is needed: {}", KEYED.join(" or ")), now_ms);
            }
            "logout" => self.effects.push(Effect::Logout(args.to_owned())),
            "quit" => self.effects.push(Effect::Quit(0)),
            other => self.refuse(&unknown_command(other), now_ms),
        }
    }

    fn fork(&mut self, entry: &str, now_ms: u64) {
        if entry.is_empty() {
            return self.effects.push(Effect::Fork(None));
        }
        match listed_entry(entry) {
            Ok(entry) => self.effects.push(Effect::Fork(Some(entry))),
            Err(report) => self.refuse(&report, now_ms),
        }
    }

    fn show_keys(&mut self) {
        let page = Page::keys(&self.keys, &self.styles);
        self.layers.open("keys", Dialog::Page(page));
    }

    fn ask_provider(&mut self) {
        let rows = KEYED.iter().map(|provider| PickerRow::new(*provider, [*provider])).collect();
        self.layers.open("login", Dialog::Picker(Picker::new("A key for which provider?", rows)));
    }

    pub(super) fn ask_key(&mut self, provider: &str) {
        let name = KEYED.iter().copied().find(|known| *known == provider).unwrap_or(KEYED[0]);
        let about = "checked with the provider, then kept in auth.yaml for your eyes only";
        let secret = Secret::new(format!("Key for {name}"), about);
        // The dialog goes by the name of its provider.
        self.layers.open(name, Dialog::Other(Box::new(secret)));
    }

    /// The dialog of this name was closed without an answer.
    pub(super) fn closed(&mut self, name: &'static str, now_ms: u64) {
        match name {
            // A session begins all the same, as after a no.
            "trust" => self.effects.push(Effect::NoTrust),
            "session" => self.effects.push(Effect::Left(name)),
            provider if KEYED.contains(&provider) => self.effects.push(Effect::Left(name)),
            "way" => {
                self.say("There is no model yet: /login takes a key, a new start asks once more", now_ms)
            }
            _ => {}
        }
    }

    /// What was chosen in the dialog of this name.
    pub(super) fn chosen(&mut self, name: &'static str, key: &str, now_ms: u64) {
        match name {
            "session" => self.effects.push(Effect::Open(SessionChoice::Named(key.to_owned()))),
            "model" => self.op(Op::Command(format!("model {key}"))),
            "profile" => self.op(Op::Command(format!("profile {key}"))),
            "theme" => self.effects.push(Effect::Theme(key.to_owned())),
            SETTINGS => self.effects.push(Effect::Set(key.to_owned())),
            "tree" => self.op(Op::Command(format!("tree {key}"))),
            "rewind" => self.effects.push(Effect::Pick(Pick::RewindWhat(key.parse().unwrap_or(0)))),
            "rewind_what" => self.op(Op::Command(key.to_owned())),
            "checkpoint" => self.op(Op::Command(format!("rollback {key}"))),
            "login" => self.ask_key(key),
            provider if KEYED.contains(&provider) => self.log_in(provider, key, now_ms),
            "trust" if key == "trust" => self.effects.push(Effect::Trust),
            "trust" => self.effects.push(Effect::NoTrust),
            "way" => self.effects.push(Effect::Way(key.parse().unwrap_or(0))),
            _ => {}
        }
    }

    fn log_in(&mut self, provider: &'static str, key: &str, now_ms: u64) {
        self.say(format!("Checking the key with {provider} …"), now_ms);
        self.effects.push(Effect::Login { provider, key: key.to_owned() });
    }
}
