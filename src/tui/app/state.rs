//! What the screen knows, and what keys, pastes and events do to it. No I/O: what must be done outside is an
//! [`Effect`].

use std::collections::VecDeque;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::effect::{Effect, Pick};
use super::footer::Footer;
use super::pager::{Pager, Place, Wanted};
use super::roll::{Roll, Step};
use super::work::Work;
use crate::config::{Action, KeyContext};
use crate::protocol::{Event, Op, Prompt, Report, ReportKind, Setup, Stamped, Status, VerdictKind};
use crate::tui::cell::{Transcript, is_own};
use crate::tui::composer::{Composer, ComposerEvent, Draft};
use crate::tui::dialog::{Layers, Reply};
use crate::tui::keys::{Keys, Pressed, written};
use crate::tui::style::Styles;

/// How long a word of ours stays above the composer, in milliseconds.
const HINT_MS: u64 = 5_000;

/// Profiles in the order in which a key goes through them.
const PROFILES: [&str; 4] = ["full", "plan", "iosm", "meta"];

pub(super) struct App {
    pub composer: Composer,
    pub keys: Keys,
    pub styles: Styles,
    pub footer: Footer,
    pub transcript: Transcript,
    /// What is finished, where it is not printed: with `--fullscreen`.
    pub roll: Option<Roll>,
    pub layers: Layers,
    /// A page on the alternate screen.
    pub pager: Option<Pager>,
    pub work: Option<Work>,
    /// Sent while a turn runs, and not yet part of the conversation.
    pub queued: VecDeque<String>,
    hint: Option<(String, u64)>,
    /// Whether somebody looks at the terminal.
    pub focused: bool,
    /// The last answer of the model, for the clipboard.
    pub answer: String,
    /// Profiles taken by a key that the engine has not answered yet.
    cycled: u32,
    /// One of them has been put in force by the event before.
    cycled_now: bool,
    pub effects: Vec<Effect>,
}

impl App {
    pub(super) fn new(composer: Composer, keys: Keys, styles: Styles) -> Self {
        let styles = styles.with_keys(keys.keymap());
        Self {
            composer,
            keys,
            styles,
            footer: Footer::default(),
            transcript: Transcript::new(),
            roll: None,
            layers: Layers::default(),
            pager: None,
            work: None,
            queued: VecDeque::new(),
            hint: None,
            focused: true,
            answer: String::new(),
            cycled: 0,
            cycled_now: false,
            effects: Vec::new(),
        }
    }

    /// Other looks, from now on.
    pub(super) fn dress(&mut self, styles: Styles) {
        self.styles = styles.with_keys(self.keys.keymap());
    }

    /// Another session takes the place of the one that was shown.
    pub(super) fn begin_session(&mut self) {
        self.footer = Footer { branch: self.footer.branch.take(), ..Footer::default() };
        self.transcript = Transcript::new();
        self.roll = self.roll.take().map(|_| Roll::default());
        self.layers = Layers::default();
        (self.pager, self.work) = (None, None);
        self.queued.clear();
        self.answer.clear();
        self.cycled = 0;
        self.composer.set_running(false);
    }

    pub(super) fn op(&mut self, op: Op) {
        self.effects.push(Effect::Op(op));
    }

    /// Says a word above the composer, for a moment.
    pub(super) fn say(&mut self, text: impl Into<String>, now_ms: u64) {
        self.hint = Some((text.into(), now_ms + HINT_MS));
    }

    /// Takes a word back that is true no longer.
    pub(super) fn unsay(&mut self, text: &str) {
        self.hint.take_if(|(said, _)| said == text);
    }

    /// The word above the composer, while it stays.
    pub(super) fn hint(&self, now_ms: u64) -> Option<&str> {
        self.hint.as_ref().filter(|(_, until)| now_ms < *until).map(|(text, _)| text.as_str())
    }

    /// When the word above the composer goes.
    pub(super) fn hint_until(&self) -> Option<u64> {
        self.hint.as_ref().map(|(_, until)| *until)
    }

    /// Tells what went wrong in the transcript, where it stays.
    pub(super) fn say_for_good(&mut self, report: &Report) {
        self.transcript.tell(report);
    }

    pub(super) fn refuse(&mut self, report: &Report, now_ms: u64) {
        let more: String =
            report.causes.iter().chain(&report.hints).map(|line| format!("; {line}")).collect();
        self.say(format!("{}{more}", report.message), now_ms);
    }

    pub(super) fn on_event(&mut self, stamped: &Stamped, now_ms: u64) {
        if !self.is_of_cycling(&stamped.event) {
            self.transcript.apply(stamped);
        }
        match &stamped.event {
            Event::TurnStart { .. } => self.begin_work(now_ms, false),
            Event::ToolCall { call } if is_own(&call.id) => self.begin_work(now_ms, true),
            _ => {}
        }
        if let Some(work) = &mut self.work {
            work.follow(&stamped.event);
        }
        match &stamped.event {
            // So that what is asked for next finds what holds, however soon it comes.
            Event::Session { model, profile, thinking, .. } => {
                let (model, profile, thinking) = (model.clone(), profile.clone(), thinking.clone());
                let setup = Setup { model, profile, thinking, context_window: 0, base_url: None };
                self.footer.setup = Some(setup);
            }
            Event::Setup(setup) => {
                self.footer.setup = Some(setup.clone());
                if self.layers.settings().is_some() {
                    self.effects.push(Effect::Settings);
                }
            }
            Event::Stands { context_tokens, spent, answer } => {
                self.footer.stands(*context_tokens, *spent);
                self.answer.clone_from(answer);
            }
            Event::Usage { usage, cost, context_tokens } => {
                self.footer.spend(*usage, *cost, *context_tokens);
            }
            Event::Compacted { after_tokens, .. } => self.footer.context_tokens = *after_tokens,
            Event::Taint { .. } => self.effects.push(Effect::Taint),
            Event::Background { running } => self.footer.background = *running,
            Event::ToolResult { call_id, .. } if is_own(call_id) => self.end_own_line(),
            Event::Verdict { call_id, verdict, .. }
                if is_own(call_id)
                    && !matches!(verdict.kind, VerdictKind::Allow | VerdictKind::Transform) =>
            {
                self.end_own_line();
            }
            Event::Said { text, .. } => self.unqueue(text),
            Event::Unsent { prompt, .. } => {
                self.unqueue(&prompt.text);
                self.composer.know_images(&prompt.images);
                self.bring_back(vec![prompt.text.clone()]);
            }
            Event::Rewound { text, .. } if self.composer.is_empty() => self.composer.set_text(text),
            Event::ApprovalAsked(approval) => {
                self.layers.ask((**approval).clone());
                self.tell("iosm asks for your leave");
            }
            Event::ApprovalConfirm { id, confirm, rule } => self.layers.confirm(id, confirm.clone(), rule),
            Event::ApprovalClosed { id, .. } => self.layers.closed(id),
            Event::Finished(outcome) => {
                if !outcome.text.is_empty() {
                    self.answer.clone_from(&outcome.text);
                }
                self.end_work();
                // What never became part of the conversation is not lost.
                if outcome.status != Status::Success && !self.queued.is_empty() {
                    let waiting = self.queued.drain(..).collect();
                    self.bring_back(waiting);
                }
                self.queued.clear();
                self.effects.push(Effect::Branch);
                self.tell(if outcome.status == Status::Success {
                    "iosm is done"
                } else {
                    "iosm has stopped"
                });
            }
            _ => {}
        }
    }

    /// A message waits no longer.
    fn unqueue(&mut self, text: &str) {
        if let Some(at) = self.queued.iter().position(|waiting| waiting == text) {
            self.queued.remove(at);
        }
    }

    /// Puts what was not sent into the composer again, before what was written since.
    fn bring_back(&mut self, mut texts: Vec<String>) {
        texts.extend((!self.composer.is_empty()).then(|| self.composer.expanded()));
        self.composer.set_text(&texts.join("\n"));
    }

    /// Whether this belongs to a profile that a key took: its answer, or the note right behind the change. The
    /// change says itself what holds, in the one line that going through profiles leaves.
    fn is_of_cycling(&mut self, event: &Event) -> bool {
        let changed = std::mem::take(&mut self.cycled_now);
        match event {
            Event::Setup(_) => {
                self.cycled_now = self.cycled > 0;
                false
            }
            Event::Notice { report } => {
                // What failed is told, and is over.
                self.cycled -=
                    u32::from(self.cycled > 0 && report.command.as_deref().is_some_and(is_profile));
                changed && report.kind == ReportKind::Note
            }
            Event::Answer { command, .. } => {
                let own = self.cycled > 0 && is_profile(command);
                self.cycled -= u32::from(own);
                own
            }
            _ => false,
        }
    }

    fn begin_work(&mut self, now_ms: u64, own_line: bool) {
        self.work.get_or_insert_with(|| Work::new(now_ms, own_line));
        self.composer.set_running(true);
    }

    fn end_work(&mut self) {
        self.work = self.work.take().and_then(Work::after_run);
        self.composer.set_running(self.work.is_some());
    }

    /// A line of the user's own is no turn: when the last of them ends, so does the work.
    fn end_own_line(&mut self) {
        if self.work.as_ref().is_some_and(Work::is_over) {
            self.end_work();
        }
        self.effects.push(Effect::Branch);
    }

    /// Somebody who looks elsewhere is told.
    fn tell(&mut self, text: &str) {
        if !self.focused {
            self.effects.push(Effect::Notify(text.to_owned()));
        }
    }

    pub(super) fn on_key(&mut self, key: KeyEvent, now_ms: u64) {
        if self.pager.is_some() {
            return self.on_page_key(key, now_ms);
        }
        if let Some(answered) = self.layers.handle(key, &mut self.keys, now_ms) {
            match answered.reply {
                Reply::Stays => return,
                Reply::Closed => return self.closed(answered.name, now_ms),
                Reply::Chosen(chosen) => return self.chosen(answered.name, &chosen, now_ms),
                Reply::Send(op) => return self.op(op),
                Reply::Action(action) => return self.act(action, now_ms),
                // It was meant for the line one writes in.
                Reply::NotMeant => {}
                Reply::NeverMeant(before) => {
                    let event = self.composer.handle(before, &mut self.keys, now_ms);
                    self.on_composed(event, now_ms);
                }
            }
        } else {
            self.layers.typed(now_ms);
        }
        let event = self.composer.handle(key, &mut self.keys, now_ms);
        self.on_composed(event, now_ms);
    }

    pub(super) fn on_paste(&mut self, text: &str, now_ms: u64) {
        if self.pager.is_some() || self.layers.paste(text, now_ms) {
            return;
        }
        // What some terminals send when there is no text on the clipboard but an image.
        if text.is_empty() {
            return self.effects.push(Effect::PasteImage);
        }
        self.composer.paste(text);
    }

    fn on_page_key(&mut self, key: KeyEvent, now_ms: u64) {
        let Some(pager) = &mut self.pager else { return };
        if pager.is_typing() {
            match key.code {
                KeyCode::Enter => pager.end_search(true),
                KeyCode::Esc => pager.end_search(false),
                KeyCode::Backspace => pager.delete(),
                // As some terminals say backspace.
                KeyCode::Char('h') if key.modifiers.contains(KeyModifiers::CONTROL) => pager.delete(),
                _ => written(key).into_iter().for_each(|c| pager.write(c)),
            }
            return;
        }
        let contexts = [KeyContext::Transcript, KeyContext::Global];
        let Pressed::Action(action) = self.keys.press(&contexts, key, now_ms) else { return };
        match pager.act(action) {
            Wanted::Nothing if action == Action::Redraw => self.effects.push(Effect::Redraw),
            Wanted::Nothing if action == Action::Suspend => self.effects.push(Effect::Suspend),
            Wanted::Nothing => {}
            Wanted::Close => self.pager = None,
            Wanted::Copy(text) => self.effects.push(Effect::Copy(text)),
        }
    }

    fn on_composed(&mut self, event: ComposerEvent, now_ms: u64) {
        // Whoever sends something wants to see what comes of it.
        if let (Some(roll), true) = (&mut self.roll, event.is_sent()) {
            roll.follow();
        }
        match event {
            ComposerEvent::Nothing => {}
            ComposerEvent::Submit(draft) => self.send(draft, false),
            ComposerEvent::FollowUp(draft) => self.send(draft, true),
            ComposerEvent::Shell { line, told } => {
                let mark = if told { "!" } else { "!!" };
                self.effects.push(Effect::Remember(format!("{mark}{line}")));
                self.op(Op::Shell { line, told });
            }
            ComposerEvent::Command(line) => {
                self.effects.push(Effect::Remember(format!("/{line}")));
                self.command(&line, now_ms);
            }
            ComposerEvent::Refused(report) => self.refuse(&report, now_ms),
            ComposerEvent::AskQuit => self.say("Once more to leave; the session is kept", now_ms),
            ComposerEvent::Quit => self.effects.push(Effect::Quit(0)),
            ComposerEvent::Action(action) => self.act(action, now_ms),
        }
        if self.composer.wants_files() {
            self.effects.push(Effect::Files);
        }
    }

    /// Sends a message: it starts a turn, steers the one that runs, or waits until that has ended.
    pub(super) fn send(&mut self, draft: Draft, after: bool) {
        self.effects.push(Effect::Remember(draft.text.clone()));
        if self.work.is_some() {
            self.queued.push_back(draft.text.clone());
        }
        let prompt = Prompt { text: draft.text, images: draft.images };
        self.op(if after { Op::FollowUp(prompt) } else { Op::Prompt(prompt) });
    }

    fn act(&mut self, action: Action, now_ms: u64) {
        match action {
            Action::Interrupt | Action::Rewind | Action::ClearOrQuit if self.work.is_some() => {
                self.op(Op::Cancel);
            }
            Action::Rewind => self.effects.push(Effect::Pick(Pick::Rewind)),
            Action::Editor => self.effects.push(Effect::Editor(self.composer.expanded())),
            Action::PasteImage => self.effects.push(Effect::PasteImage),
            Action::NextProfile => self.next_profile(),
            Action::Transcript => self.effects.push(Effect::Transcript(Place::End)),
            Action::ExpandTool => self.effects.push(Effect::Transcript(Place::LastCall)),
            Action::Background => match self.work.as_ref().and_then(Work::command) {
                Some(call) => {
                    let call_id = call.id.clone();
                    self.op(Op::Detach { call_id });
                }
                None => self.say("No command runs", now_ms),
            },
            Action::Redraw => self.effects.push(Effect::Redraw),
            Action::Suspend => self.effects.push(Effect::Suspend),
            Action::Quit => self.effects.push(Effect::Quit(0)),
            Action::Keys | Action::KeysWhenEmpty => self.command("keys", now_ms),
            Action::ScrollUp => self.scroll(Step::PageUp),
            Action::ScrollDown => self.scroll(Step::PageDown),
            Action::LineStart => self.scroll(Step::Top),
            Action::LineEnd => self.scroll(Step::Bottom),
            _ => {}
        }
    }

    fn next_profile(&mut self) {
        let now = self.footer.setup.as_ref().map_or("", |setup| setup.profile.as_str());
        let at = PROFILES.iter().position(|profile| *profile == now);
        let next = PROFILES[at.map_or(0, |at| (at + 1) % PROFILES.len())];
        self.cycled += 1;
        self.op(Op::Command(format!("profile {next}")));
    }
}

/// Whether a line without its slash is `/profile`.
fn is_profile(line: &str) -> bool {
    line.split_whitespace().next() == Some("profile")
}
