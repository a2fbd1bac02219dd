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
use crate::tui::dialog::{Confirm, Dialog, Picker, PickerRow, Tree, TreeRow};

/// Items of a resumed conversation that are shown again.
const MOST_RECALLED: usize = 40;

/// What came of something.
pub(super) enum Job {
    Opened {
        opened: Box<Result<Session, Report>>,
        /// It was to be opened with a model, or not at all.
        with_model: bool,
    },
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
            Job::Opened { opened, with_model } => self.on_opened(*opened, with_model).await,
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
        if !self.is_settled() {
            return;
        }
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
                if !self.is_settled() {
                    self.survey_again();
                }
            }
            Err(report) => {
                self.app.refuse(&report, now);
                if !self.is_settled() {
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
