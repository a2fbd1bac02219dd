//! Work beside the loop, and what comes of it: opening sessions, looking things up, asking providers.

use std::sync::Arc;

use super::Screen;
use super::effect::Pick;
use super::pager::{Of, Pager, Place};
use super::welcome;
use crate::base::now_ms;
use crate::engine::{Branch, Ready, Session, check_key, ready};
use crate::protocol::{Item, Op, Part, Report};
use crate::tui::cell::Transcript;
use crate::tui::composer::PaletteEntry;
use crate::tui::dialog::{Confirm, Dialog, Picker, PickerRow, Tree, TreeRow};

/// Items of a resumed conversation that are shown again.
const MOST_RECALLED: usize = 40;

/// What came of something.
pub(super) enum Job {
    Opened(Box<Result<Session, Report>>),
    /// What was said before, and what this project was asked before.
    Recalled {
        items: Vec<Item>,
        history: Vec<String>,
    },
    Branch(Option<Branch>),
    /// The path of the image that was on the clipboard.
    Pasted(Result<String, Report>),
    Files(Result<Arc<Vec<String>>, Report>),
    Ready(Result<Vec<Ready>, Report>),
    Checked {
        provider: &'static str,
        key: String,
        models: Result<usize, Report>,
    },
    Rows {
        pick: Pick,
        rows: Result<Rows, Report>,
    },
    Page {
        items: Result<Vec<Item>, Report>,
        place: Place,
    },
    /// A page of something else.
    Board(Result<Pager, Report>),
    Failed(Report),
    Nothing,
}

/// A list to choose from.
pub(super) enum Rows {
    List { title: &'static str, empty: &'static str, rows: Vec<PickerRow> },
    Tree(Vec<TreeRow>),
    Answers { question: &'static str, answers: Vec<(String, String)> },
}

impl Screen {
    /// Has something done on a thread where it may take its time.
    pub(super) fn beside(&self, work: impl FnOnce() -> Job + Send + 'static) {
        let done = self.done.clone();
        tokio::task::spawn_blocking(move || {
            // A loop that has ended takes no more answers.
            let _ = done.blocking_send(work());
        });
    }

    pub(super) async fn on_job(&mut self, job: Job) {
        let now = now_ms();
        match job {
            Job::Opened(opened) => self.on_opened(*opened).await,
            Job::Recalled { items, history } => {
                let from = items.len().saturating_sub(MOST_RECALLED);
                self.app.recall(&items[from..], from);
                self.know_images(&items);
                self.app.composer.set_history(history);
                self.send_first().await;
            }
            Job::Branch(branch) => self.app.footer.branch = branch,
            Job::Pasted(pasted) => {
                self.pasting = false;
                match pasted {
                    Ok(path) => self.app.composer.add_image(path),
                    Err(report) => self.app.refuse(&report, now),
                }
            }
            Job::Files(Ok(files)) => self.app.composer.set_files(files),
            Job::Files(Err(report)) | Job::Failed(report) => self.app.refuse(&report, now),
            Job::Nothing => {}
            Job::Board(board) => self.open_board(board),
            Job::Ready(found) => self.offer_ways(found),
            Job::Checked { provider, key, models } => self.on_checked(provider, &key, models),
            Job::Rows { pick, rows } => self.on_rows(pick, rows),
            Job::Page { items: Ok(items), place } => self.open_page(&items, &place),
            Job::Page { items: Err(report), .. } => self.app.refuse(&report, now),
        }
    }

    async fn on_opened(&mut self, opened: Result<Session, Report>) {
        self.opening = false;
        let waiting = std::mem::take(&mut self.waiting);
        let mut session = match opened {
            Ok(session) => session,
            Err(report) => {
                let unsent = waiting.into_iter().find_map(|op| match op {
                    Op::Prompt(prompt) | Op::FollowUp(prompt) => Some(prompt.text),
                    _ => None,
                });
                if let Some(text) = unsent.filter(|_| self.app.composer.is_empty()) {
                    self.app.composer.set_text(&text);
                }
                // The session before, if there was one, has been let go: nothing can be asked here.
                self.app.say_for_good(&report);
                return;
            }
        };
        let desk = session.desk.clone();
        self.app.begin_session();
        // What a session says of itself comes first, and stands above what is recalled.
        if let Some(hello) = session.events.recv().await {
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
        for op in waiting {
            let _ = session.ops.send(op).await;
        }
        self.session = Some(session);
        self.look_at_branch();
        self.beside(move || Job::Recalled {
            items: desk.conversation().unwrap_or_default(),
            history: desk.history(),
        });
    }

    /// A message of before that comes back has its images again.
    fn know_images(&mut self, items: &[Item]) {
        for item in items {
            let Item::User { parts } = item else { continue };
            let images = parts.iter().filter(|part| matches!(part, Part::Image { .. })).count();
            if let (1.., Some(Part::Text { text })) = (images, parts.first()) {
                self.app.composer.know_images_of(text, images);
            }
        }
    }

    /// Sends the prompt of the command line, once.
    async fn send_first(&mut self) {
        let Some(text) = self.first.take() else { return };
        if self.demo.is_some() {
            return self.app.composer.set_text(&text);
        }
        if let Some(session) = &self.session {
            let _ = session.ops.send(Op::Prompt(text.into())).await;
        }
    }

    pub(super) fn look_at_branch(&self) {
        let Some(session) = &self.session else { return };
        let (desk, done) = (session.desk.clone(), self.done.clone());
        tokio::spawn(async move {
            let _ = done.send(Job::Branch(desk.branch().await)).await;
        });
    }

    pub(super) fn look_for_ways(&self) {
        let (ground, env, done) = (self.ground.clone(), self.start.env.clone(), self.done.clone());
        tokio::spawn(async move {
            let _ = done.send(Job::Ready(ready(&ground, &env).await)).await;
        });
    }

    pub(super) fn check(&self, provider: &'static str, key: String) {
        let (env, done) = (self.start.env.clone(), self.done.clone());
        tokio::spawn(async move {
            let models = check_key(provider, &key, &env).await;
            let _ = done.send(Job::Checked { provider, key, models }).await;
        });
    }

    fn on_checked(&mut self, provider: &'static str, key: &str, models: Result<usize, Report>) {
        let now = now_ms();
        let kept = models.and_then(|_| welcome::keep_login(&self.ground, provider, key));
        match kept {
            Ok(()) => {
                self.app.say(format!("The key for {provider} is good and was kept."), now);
                if self.session.is_none() {
                    self.survey_again();
                }
            }
            Err(report) => {
                self.app.refuse(&report, now);
                if self.session.is_none() {
                    self.look_for_ways();
                }
            }
        }
    }

    fn on_rows(&mut self, pick: Pick, rows: Result<Rows, Report>) {
        let name = match pick {
            Pick::Session => "session",
            Pick::Rewind => "rewind",
            Pick::RewindWhat(_) => "rewind_what",
            Pick::Tree => "tree",
            Pick::Model => "model",
            Pick::Profile => "profile",
            Pick::Theme => "theme",
            Pick::Checkpoint => "checkpoint",
        };
        match rows {
            Ok(Rows::List { title, empty, rows }) => {
                self.app.layers.open(name, Dialog::Picker(Picker::new(title, rows).when_empty(empty)));
            }
            Ok(Rows::Tree(rows)) => {
                self.app.layers.open(name, Dialog::Tree(Tree::new("The session's branches", rows)));
            }
            Ok(Rows::Answers { question, answers }) => {
                let confirm = Confirm::new(question, Vec::new(), answers, 0);
                self.app.layers.open(name, Dialog::Confirm(confirm));
            }
            Err(report) => self.app.refuse(&report, now_ms()),
        }
    }

    fn open_page(&mut self, items: &[Item], place: &Place) {
        let size = self.tty.measure();
        let passages = Transcript::passages(items, size.cols, &self.app.styles);
        let mut pager = Pager::new("transcript", passages).laid_out(Of::Conversation, size.cols);
        pager.fit(size.rows);
        pager.go(place);
        self.app.pager = Some(pager);
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
