//! One session after another: the one that is open is let go once the next is there, and not before.

use super::Screen;
use super::jobs::Job;
use super::outside::LOOKING;
use super::welcome;
use crate::base::now_ms;
use crate::engine::{Handover, Options, Session, SessionChoice, names_model};
use crate::protocol::{Op, Report, ReportKind};
use crate::tui::composer::PaletteEntry;

/// Operations kept for a session that is being opened.
const MOST_WAITING: usize = 64;

impl Screen {
    /// Whether there is a session that can ask a model.
    pub(super) fn is_settled(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.desk.has_model())
    }

    /// What the session that is open passes on.
    fn handover(&self) -> Option<Handover> {
        let setup = self.app.footer.setup.as_ref()?;
        self.session.as_ref().map(|session| session.desk.handover(setup))
    }

    /// Opens a session to take the place of the one that is open.
    pub(super) fn open(&mut self, options: Options) {
        let from = self.handover();
        self.open_from(options, from);
    }

    fn open_from(&mut self, options: Options, from: Option<Handover>) {
        let options = Options { from, ..options };
        if names_model(&self.ground, &options) {
            return self.ask_for(options);
        }
        // It is opened once there is a model for it; until then commands are answered.
        self.start.options.session = options.session;
        if self.session.is_none() {
            self.open_without_model();
        }
        self.app.say(LOOKING, now_ms());
        self.look_for_ways();
    }

    fn open_without_model(&mut self) {
        let session = SessionChoice::Unkept;
        self.ask_for(Options { session, without_model: true, from: None, ..self.start.options.clone() });
    }

    fn ask_for(&mut self, options: Options) {
        self.opening = true;
        let (done, ground) = (self.done.clone(), self.ground.clone());
        let with_model = !options.without_model;
        let opening = self.backstage.open(ground, options);
        tokio::spawn(async move {
            let opened = Box::new(opening.await);
            let _ = done.send(Job::Opened { opened, with_model }).await;
        });
    }

    /// Goes on in a copy of the session that is open.
    pub(super) fn fork(&mut self, entry: Option<u64>) {
        let Some(given) = self.session.as_ref().and_then(|session| session.id.clone()) else {
            let report = Report::new(
                ReportKind::Usage,
                "/fork: this session is not kept, so there is nothing to copy",
            );
            return self.app.refuse(&report, now_ms());
        };
        let session = SessionChoice::Fork { given: Some(given), entry };
        self.open(Options { session, ..self.start.options.clone() });
    }

    pub(super) async fn on_opened(&mut self, opened: Result<Session, Report>, with_model: bool) {
        self.opening = false;
        let waiting = std::mem::take(&mut self.waiting);
        match opened {
            Ok(session) => {
                self.take(session).await;
                for op in waiting {
                    self.send(op).await;
                }
            }
            // Why there is none with a model has been said.
            Err(_) if !with_model => self.put_back(waiting),
            Err(report) => {
                self.app.say_for_good(&report);
                self.put_back(waiting);
                if self.session.is_none() {
                    self.open_without_model();
                }
            }
        }
    }

    /// Shows a session in the place of the one that was open.
    async fn take(&mut self, mut session: Session) {
        let desk = session.desk.clone();
        let hello = session.events.recv().await;
        // One without a model is no conversation: the screen stays as it is.
        if let Some(hello) = hello.filter(|_| desk.has_model()) {
            self.app.begin_session();
            // What a session says of itself comes first, and stands above what is recalled.
            self.app.on_event(&hello, now_ms());
        }
        self.app.footer.sandbox = desk.sandbox().to_owned();
        self.app.footer.untrusted = welcome::untrusted(desk.ground()).is_some();
        self.app.footer.tainted = desk.is_tainted();
        let theirs = desk.commands().into_iter().map(|command| PaletteEntry {
            name: command.name,
            aliases: Vec::new(),
            args: command.args,
            about: command.about,
        });
        self.app.composer.set_commands(palette(theirs.collect()));
        // The one before is let go with this.
        self.session = Some(session);
        self.look_at_branch();
        self.beside(move || Job::Recalled {
            items: desk.conversation().unwrap_or_default(),
            history: desk.history(),
        });
    }

    /// Sends an operation to the session it is for.
    pub(super) async fn send(&mut self, op: Op) {
        let is_for_this = matches!(
            op,
            Op::Approve { .. } | Op::Decline { .. } | Op::Cancel | Op::Detach { .. } | Op::Shutdown
        );
        // What is typed while a session is opened is for that session.
        if self.opening && !is_for_this {
            return match self.waiting.len() < MOST_WAITING {
                true => self.waiting.push(op),
                false => self.put_back(vec![op]),
            };
        }
        let settled = self.is_settled();
        if let (false, Op::Command(line)) = (settled, &op)
            && let Some(model) = line.strip_prefix("model ").map(str::trim)
            && let Some(from) = self.handover()
        {
            // A model for the session that waits for one.
            return self.open_from(self.start.options.clone(), Some(from.with_model(model)));
        }
        match &self.session {
            Some(session) if settled || is_for_this || matches!(op, Op::Command(_)) => {
                drop(session.ops.send(op).await);
            }
            _ => {
                self.put_back(vec![op]);
                // Whoever closed the list of ways gets it back: nothing can be asked without a model.
                if self.ground.settings.settings.model.is_none() && self.app.layers.is_empty() {
                    return self.offer_ways(Ok(self.found.clone()));
                }
                self.app.say("There is no session: /new begins one", now_ms());
            }
        }
    }

    /// What nobody took stands in the line again. A command among others is only named: in a message it would
    /// be read by the model.
    fn put_back(&mut self, ops: Vec<Op>) {
        let (mut texts, mut lines) = (Vec::new(), Vec::new());
        for op in ops {
            match op {
                Op::Prompt(prompt) | Op::FollowUp(prompt) => {
                    self.app.composer.know_images(&prompt.images);
                    texts.push(prompt.text);
                }
                Op::Shell { line, told } => lines.push(format!("{}{line}", if told { "!" } else { "!!" })),
                Op::Command(line) => lines.push(format!("/{line}")),
                _ => {}
            }
        }
        texts.extend((!self.app.composer.is_empty()).then(|| self.app.composer.expanded()));
        if texts.is_empty() && lines.len() == 1 {
            texts.append(&mut lines);
        }
        if !texts.is_empty() {
            self.app.composer.set_text(&texts.join("\n"));
        }
        if !lines.is_empty() {
            self.app.say(format!("not carried out: {}", lines.join(", ")), now_ms());
        }
    }
}

/// Those of the user's own after the built-in ones, which keep their aliases.
fn palette(all: Vec<PaletteEntry>) -> Vec<PaletteEntry> {
    let mut entries = PaletteEntry::built_in();
    let own: Vec<PaletteEntry> =
        all.into_iter().filter(|entry| !entries.iter().any(|known| known.name == entry.name)).collect();
    entries.extend(own);
    entries
}
