//! What the screen does outside of its state: asks the engine, opens sessions, calls the editor, copies.

use super::effect::{Effect, Pick};
use super::jobs::{Job, Rows};
use super::welcome::{self, Way};
use super::{DARK, Screen, dressed, lost};
use crate::base::{local_minute, now_ms};
use crate::config::Theme;
use crate::engine::{
    DEMO_MODEL, DEMO_PROMPT, Demo, FrontDesk, Ground, Options, Ready, SessionChoice, edit_text, forget_key,
    keep_setting,
};
use crate::protocol::{Report, ReportKind};
use crate::tui::dialog::{Confirm, Dialog, Picker, PickerRow, TreeRow};
use crate::tui::style::Token;
use crate::tui::term::{Inputs, Notice};
use ratatui::text::{Line, Span};

pub(super) const LOOKING: &str = "Looking for keys and for servers on this machine …";

impl Screen {
    /// The first thing to do: the project's files, a model, a session.
    pub(super) fn begin(&mut self) {
        self.first = self.start.first.take();
        if let Some(files) = welcome::untrusted(&self.ground) {
            return self.ask_for_trust(&files);
        }
        self.begin_with_trust();
    }

    fn ask_for_trust(&mut self, files: &[String]) {
        let muted = self.app.styles.get(Token::Muted);
        let mut lines =
            vec![Line::from("This project brings files that change what iosm does:"), Line::default()];
        lines.extend(files.iter().map(|file| Line::from(format!("  {file}"))));
        lines.push(Line::default());
        let why = "Trusted, they count as they are now; when one changes you are asked again.";
        lines.push(Line::from(Span::styled(why, muted)));
        let answers = [("no", "Not now: they do nothing"), ("trust", "Trust them as they are now")];
        self.app
            .layers
            .open("trust", Dialog::Confirm(Confirm::new("Trust this project?", lines, answers, 0)));
    }

    pub(super) fn begin_with_trust(&mut self) {
        if self.start.pick_session {
            self.start.pick_session = false;
            return self.pick(Pick::Session);
        }
        self.open(self.start.options.clone());
    }

    /// Settings or trust have changed: looks again, and goes on from there.
    pub(super) fn survey_again(&mut self) {
        match (self.start.survey)() {
            Ok(ground) => {
                self.ground = ground;
                self.begin_with_trust();
            }
            Err(report) => self.app.refuse(&report, now_ms()),
        }
    }

    pub(super) fn offer_ways(&mut self, found: Result<Vec<Ready>, Report>) {
        let found = found.unwrap_or_else(|report| {
            self.app.refuse(&report, now_ms());
            Vec::new()
        });
        self.app.unsay(LOOKING);
        let (ways, rows): (Vec<Way>, Vec<PickerRow>) = welcome::ways(&found).into_iter().unzip();
        (self.ways, self.found) = (ways, found);
        let title = "No model is set up yet. How shall iosm reach one?";
        self.app.layers.open("way", Dialog::Picker(Picker::new(title, rows)));
    }

    /// What was left without a choice must lead somewhere while there is no session.
    fn on_left(&mut self, name: &str) {
        if self.is_settled() || self.opening {
            return;
        }
        match name {
            "session" if self.session.is_some() => {}
            "session" => self.open(self.start.options.clone()),
            _ if self.ground.settings.settings.model.is_none() => self.offer_ways(Ok(self.found.clone())),
            _ => {}
        }
    }

    fn go_way(&mut self, at: usize) {
        let Some(way) = self.ways.get(at).cloned() else { return };
        match &way {
            Way::Login(provider) => self.app.ask_key(provider),
            Way::Gguf => {
                let page = crate::tui::dialog::Page::text("A GGUF file", welcome::GGUF);
                // Behind the page waits the list again.
                self.offer_ways(Ok(self.found.clone()));
                self.app.layers.open("gguf", Dialog::Page(page));
            }
            Way::Demo => self.open_demo(),
            Way::Key { .. } | Way::Server { .. } => match welcome::keep(&self.ground, &way) {
                Ok(()) => self.survey_again(),
                Err(report) => self.app.refuse(&report, now_ms()),
            },
        }
    }

    /// The demo's repository, with its scripted model, its own state, and its prompt ready to be sent.
    fn open_demo(&mut self) {
        let opened = Demo::prepare().map_err(|error| Report::from_error(ReportKind::Host, &error));
        let opened = opened.and_then(|demo| {
            let (home, real) = (demo.home(), self.start.env.clone());
            let env: crate::engine::SharedEnv = std::sync::Arc::new(move |name: &str| match name {
                "IOSM_HOME" => Some(home.display().to_string()),
                name if name.starts_with("IOSM_") => None,
                name => real(name),
            });
            let flags = vec![("demo", "model", DEMO_MODEL.into())];
            let ground = Ground::survey(&demo.repository(), &*env, flags)?;
            Ok((demo, ground, env))
        });
        match opened {
            Ok((demo, ground, env)) => {
                self.ground = ground;
                self.demo = Some(demo);
                self.first = Some(DEMO_PROMPT.to_owned());
                // Whatever is opened from here on is opened there.
                let (session, rules) = (SessionChoice::New, Demo::rules());
                self.start.options = Options { env, rules, session, ..self.start.options.clone() };
                self.open(self.start.options.clone());
            }
            Err(report) => self.app.refuse(&report, now_ms()),
        }
    }

    /// Does what was asked for since.
    pub(super) async fn act(&mut self) -> Result<(), Report> {
        for effect in std::mem::take(&mut self.app.effects) {
            match effect {
                Effect::Op(op) => self.send(op).await,
                Effect::Open(session) => {
                    let options = Options { session, ..self.start.options.clone() };
                    self.open(options);
                }
                Effect::Fork(entry) => self.fork(entry),
                Effect::Editor(text) => self.edit(&text)?,
                Effect::PasteImage => self.paste_image(),
                Effect::Suspend => {
                    self.inputs = None;
                    let stopped = self.tty.suspend().map_err(lost)?;
                    self.inputs = Some(Inputs::new(&[]));
                    if !stopped {
                        self.app.say("Nobody could let iosm go on: no shell started it", now_ms());
                    }
                }
                Effect::Redraw => self.tty.redraw(),
                Effect::Notify(text) => {
                    let env = &self.start.env;
                    self.tty.notify(Notice::of(|name| env(name)), &text).map_err(lost)?;
                }
                Effect::Copy(text) => {
                    let copied = self.tty.copy(&text).map_err(lost)?;
                    let word = if copied { "Copied" } else { "It is too long for the terminal's clipboard" };
                    self.app.say(word, now_ms());
                }
                Effect::Remember(text) => {
                    if let Some(desk) = self.desk() {
                        self.beside(move || match desk.remember(&text) {
                            Ok(()) => Job::Nothing,
                            Err(report) => Job::Failed(report),
                        });
                    }
                }
                Effect::Files => {
                    if let Some(desk) = self.desk() {
                        self.beside(move || Job::Files(desk.files()));
                    }
                }
                Effect::Branch => self.look_at_branch(),
                Effect::Taint => self.app.footer.tainted = self.desk().is_some_and(|desk| desk.is_tainted()),
                Effect::Transcript(place) => match self.desk() {
                    Some(desk) => self.beside(move || Job::Page { items: desk.conversation(), place }),
                    None => self.app.say("There is no session yet", now_ms()),
                },
                Effect::Changes { revision, place } => self.show_changes(revision, place),
                Effect::Settings => self.show_settings(""),
                Effect::Set(change) => self.set(&change).await,
                Effect::Pick(pick) => self.pick(pick),
                Effect::Theme(name) => self.dress(&name),
                Effect::Trust => match self.ground.trust_project() {
                    Ok(_) => self.survey_again(),
                    Err(report) => self.app.refuse(&report, now_ms()),
                },
                Effect::NoTrust => self.begin_with_trust(),
                Effect::Left(name) => self.on_left(name),
                Effect::Way(at) => self.go_way(at),
                Effect::Login { provider, key } => self.check(provider, key),
                Effect::Logout(provider) => {
                    let now = now_ms();
                    match forget_key(&self.ground, &provider, &self.start.env) {
                        Ok(said) => self.app.say(said, now),
                        Err(report) => self.app.refuse(&report, now),
                    }
                }
                Effect::Quit(code) => self.quit = Some(code),
            }
        }
        Ok(())
    }

    pub(super) fn desk(&self) -> Option<std::sync::Arc<FrontDesk>> {
        self.session.as_ref().map(|session| session.desk.clone())
    }

    fn edit(&mut self, text: &str) -> Result<(), Report> {
        let Some(desk) = self.desk() else {
            self.app.say("There is no session yet", now_ms());
            return Ok(());
        };
        self.inputs = None;
        let edited = self.tty.with_released(|| edit_text(&desk, text)).map_err(lost)?;
        self.inputs = Some(Inputs::new(&[]));
        match edited {
            Ok(text) => self.app.composer.set_text(&text),
            Err(report) => self.app.refuse(&report, now_ms()),
        }
        Ok(())
    }

    fn paste_image(&mut self) {
        let Some(desk) = self.desk() else { return self.app.say("There is no session yet", now_ms()) };
        // A key that is held down asks once.
        if !std::mem::replace(&mut self.pasting, true) {
            self.beside(move || Job::Pasted(desk.paste_image()));
        }
    }

    fn dress(&mut self, name: &str) {
        let before = self.ground.settings.settings.theme.replace(name.to_owned());
        match self.dress_as_set() {
            Ok(()) => {
                let kept = keep_setting(&self.ground, "theme", Some(name));
                if let Err(report) = kept {
                    self.app.refuse(&report, now_ms());
                }
            }
            Err(report) => {
                self.ground.settings.settings.theme = before;
                self.app.refuse(&report, now_ms());
            }
        }
    }

    /// Draws with the theme that is set.
    pub(super) fn dress_as_set(&mut self) -> Result<(), Report> {
        let styles = dressed(&self.ground, self.kind, DARK)?;
        self.app.dress(styles);
        if let Some(roll) = &mut self.app.roll {
            roll.dress(&self.app.styles);
        }
        Ok(())
    }

    fn pick(&mut self, pick: Pick) {
        if pick == Pick::Theme {
            let own = self.ground.dirs.config.join("themes");
            let names = Theme::names(&[&own]);
            let rows = names.into_iter().map(|name| PickerRow::new(name.clone(), [name])).collect();
            return self.app.layers.open("theme", Dialog::Picker(Picker::new("Colours", rows)));
        }
        if pick == Pick::Session {
            let ground = self.ground.clone();
            let here = self.session.as_ref().and_then(|session| session.id.clone());
            return self.beside(move || Job::Rows { pick, rows: sessions(&ground, here.as_deref()) });
        }
        match self.desk() {
            Some(desk) => self.beside(move || Job::Rows { pick, rows: rows(&desk, pick) }),
            None => self.app.say("There is no session yet", now_ms()),
        }
    }
}

fn sessions(ground: &Ground, here: Option<&str>) -> Result<Rows, Report> {
    let all = crate::engine::sessions(ground)?;
    let row = |one: crate::engine::SessionSummary| {
        let title = if one.title.is_empty() { "(nothing was said)".to_owned() } else { one.title };
        let turns = crate::base::plural(one.turns, "request");
        let branches = if one.branches > 1 { format!("{} branches", one.branches) } else { String::new() };
        let last = local_minute(&one.last);
        let current = here == Some(one.id.as_str());
        PickerRow::new(one.id, [title, last, turns, branches]).current(current)
    };
    let rows = all.into_iter().filter(|one| one.damage.is_none()).map(row).collect();
    Ok(Rows::List { title: "Sessions of this project", empty: "no session has these words", rows })
}

/// What a list offers.
fn rows(desk: &FrontDesk, pick: Pick) -> Result<Rows, Report> {
    match pick {
        Pick::Rewind => {
            let tree = desk.tree()?;
            let ours = tree.nodes.iter().rev().filter(|node| node.current);
            let row = |node: &crate::engine::TreeNode| {
                PickerRow::new(node.entry.to_string(), [node.words.clone(), local_minute(&node.at)])
            };
            let rows = ours.map(row).collect();
            Ok(Rows::List { title: "Go back to before which message?", empty: "nothing was said yet", rows })
        }
        Pick::RewindWhat(entry) => {
            let mut answers =
                vec![(format!("rewind {entry}"), "The conversation only; files stay as they are".to_owned())];
            if desk.checkpoint_of(entry)?.is_some() {
                answers.push((format!("rewind {entry} both"), "The conversation and the files".to_owned()));
                answers.push((format!("rewind {entry} files"), "The files only".to_owned()));
            }
            Ok(Rows::Answers { question: "Take back what?", answers })
        }
        Pick::Tree => {
            let tree = desk.tree()?;
            let mut depths: std::collections::HashMap<u64, usize> = std::collections::HashMap::new();
            let mut rows = Vec::new();
            for node in &tree.nodes {
                let siblings = tree.nodes.iter().filter(|other| other.parent == node.parent).count();
                let above = depths.get(&node.parent).copied().unwrap_or(0);
                let depth = if siblings > 1 { above + 1 } else { above };
                depths.insert(node.entry, depth);
                rows.push(TreeRow {
                    key: node.entry.to_string(),
                    depth,
                    text: node.words.clone(),
                    detail: local_minute(&node.at),
                    current: node.entry == tree.at,
                });
            }
            Ok(Rows::Tree(rows))
        }
        Pick::Model => {
            let rows = desk.models()?.into_iter().map(|model| {
                let window = model.context.map_or_else(String::new, |tokens| format!("{}k", tokens / 1000));
                let ready = if model.ready { String::new() } else { "no key".to_owned() };
                PickerRow::new(model.name.clone(), [model.name, window, ready])
            });
            Ok(Rows::List {
                title: "Models",
                empty: "type PROVIDER/MODEL after /model",
                rows: rows.collect(),
            })
        }
        Pick::Profile => {
            let rows = desk
                .profiles()
                .into_iter()
                .map(|one| PickerRow::new(one.name.clone(), [one.name, one.description]));
            Ok(Rows::List { title: "Profiles", empty: "no profile has these letters", rows: rows.collect() })
        }
        Pick::Checkpoint => {
            let checkpoints = desk.checkpoints()?;
            let (all, _) = checkpoints.list()?;
            let row = |one: &crate::engine::Checkpoint| {
                let shown = crate::engine::Listed::from(one);
                let name = shown.label();
                let at = local_minute(&shown.at);
                PickerRow::new(
                    shown.id.clone(),
                    [name, at, crate::base::plural(shown.files as usize, "file")],
                )
            };
            let mut rows: Vec<PickerRow> = all.iter().rev().map(row).collect();
            if let Ok(redo) = checkpoints.find("redo") {
                let mut again = row(&redo);
                again.key = "redo".to_owned();
                again.columns[0] = "redo: as it was before the last rollback".to_owned();
                rows.insert(0, again);
            }
            Ok(Rows::List {
                title: "Checkpoints: what changed since which?",
                empty: "none was taken yet",
                rows,
            })
        }
        Pick::Session | Pick::Theme => Ok(Rows::List { title: "", empty: "", rows: Vec::new() }),
    }
}
