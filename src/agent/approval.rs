//! Questions to a person while a run goes on: asked, answered, withdrawn.

use crate::base::{now_ms, secret_id};
use crate::config::{Rule, rule_yaml};
use crate::host::file::{self, Opened};
use crate::kernel::{Judgement, Kernel, KernelError, Question, Refused};
use crate::protocol::{Approval, AskedReason, Choice, Closed, Effect, Event, Report, ReportKind, Seen};
use crate::tools::preview;

use super::driver::Agent;
use super::turn::{Input, Ruling};

/// Bytes of a file that a preview is made against; larger ones are not compared.
const MOST_COMPARED: usize = 512 * 1024;

/// A question that waits for its answer.
#[derive(Debug)]
pub(super) struct Open {
    question: Question,
    asked_at_ms: u64,
    choices: Vec<Choice>,
    /// The word of a second yes, once one was asked for.
    confirm: Option<String>,
}

impl Agent {
    /// Puts a question to whoever is there.
    pub(super) async fn ask(&mut self, question: Question) {
        self.account.asked();
        self.record(&question.call, &question.effects, &question.verdict);
        let call_id = question.call.id.clone();
        let choices = choices(&question, self.parts.lawbook.is_some());
        let asked_at_ms = now_ms();
        let approval = Approval {
            id: question.id.clone(),
            call: question.call.clone(),
            verdict: question.verdict.clone(),
            effects: question.effects.clone(),
            diff: self.diff(&question),
            argv: question.argv.clone(),
            reach: question.reach.clone(),
            reasons: question.reasons.iter().map(asked_reason).collect(),
            rule: question.proposal.as_ref().map(rule_yaml),
            choices: choices.clone(),
            asked_at_ms,
        };
        let id = question.id.clone();
        self.questions.insert(id, Open { question, asked_at_ms, choices, confirm: None });
        self.emit(Event::ApprovalAsked(Box::new(approval))).await;
        self.inputs.push_back(Input::Judged { call_id, ruling: Ruling::Asked });
    }

    /// What an edit would change. The file is looked at only where the kernel lets our own reads go.
    fn diff(&self, question: &Question) -> Option<String> {
        let path = question.effects.iter().find_map(|effect| match effect {
            Effect::Write { path } => Some(path),
            _ => None,
        })?;
        let kernel: &Kernel = &self.parts.kernel;
        let wanted = preview::wants(&question.call);
        let grant = wanted.then(|| kernel.system_read(path).ok()).flatten();
        let opened = grant.and_then(|grant| file::read(grant, &self.parts.blobs).ok());
        let current = match opened {
            Some(Opened::File(content)) if content.bytes.len() <= MOST_COMPARED => {
                String::from_utf8(content.bytes).ok()
            }
            _ => None,
        };
        preview::preview(&question.call, current.as_deref())
    }

    pub(super) async fn on_yes(&mut self, id: String, choice: Choice, confirm: Option<String>, seen: Seen) {
        let Some(open) = self.questions.get_mut(&id) else { return self.stale().await };
        if !seen.after(open.asked_at_ms) {
            return self.note("an answer that came before its question was shown does not count").await;
        }
        if !open.choices.contains(&choice) {
            return self.note("this question cannot be answered in that way").await;
        }
        if choice == Choice::AlwaysEverywhere && (confirm.is_none() || confirm != open.confirm) {
            let word = secret_id("c");
            open.confirm = Some(word.clone());
            let rule = open.question.proposal.as_ref().map(rule_yaml).unwrap_or_default();
            return self.emit(Event::ApprovalConfirm { id, confirm: word, rule }).await;
        }
        let Some(open) = self.questions.remove(&id) else { return };
        let always = matches!(choice, Choice::AlwaysHere | Choice::AlwaysEverywhere);
        if let Some(rule) = open.question.proposal.as_ref().filter(|_| always)
            && let Err(report) = self.keep(rule, choice == Choice::AlwaysEverywhere)
        {
            // The yes itself still holds for this session.
            self.emit(Event::Notice { report }).await;
        }
        let approver = match choice {
            Choice::Once => "user",
            Choice::Session => "user:session",
            Choice::AlwaysHere => "user:always_here",
            Choice::AlwaysEverywhere => "user:always_everywhere",
        };
        let call = open.question.call.clone();
        let judged = self.parts.kernel.approve(open.question, approver, choice != Choice::Once);
        self.emit(Event::ApprovalClosed { id, how: Closed::Approved }).await;
        match judged {
            Ok(judgement) => self.on_judgement(call, judgement).await,
            Err(error) => self.fault(&error),
        }
    }

    pub(super) async fn on_no(&mut self, id: String, words: &str) {
        match self.questions.remove(&id) {
            Some(open) => self.decline(open, words, Closed::Declined).await,
            None => self.stale().await,
        }
    }

    /// Declines every open question: nobody is left to answer. False when there was none.
    pub(super) async fn withdraw_all(&mut self) -> bool {
        let open: Vec<Open> = self.questions.drain().map(|(_, open)| open).collect();
        let had = !open.is_empty();
        for open in open {
            self.decline(open, "", Closed::Withdrawn).await;
        }
        had
    }

    /// The turn was stopped: its calls have their results already, and what was asked is declined on
    /// record.
    pub(super) async fn forget_questions(&mut self) {
        for (id, open) in std::mem::take(&mut self.questions) {
            if let Err(error) = self.parts.kernel.decline(open.question, "") {
                self.fault(&error);
            }
            self.emit(Event::ApprovalClosed { id, how: Closed::Withdrawn }).await;
        }
    }

    async fn decline(&mut self, open: Open, words: &str, how: Closed) {
        let Open { question, .. } = open;
        let (id, call, effects) = (question.id.clone(), question.call.clone(), question.effects.clone());
        let declined = self.parts.kernel.decline(question, words);
        self.emit(Event::ApprovalClosed { id, how }).await;
        match declined {
            Ok(verdict) => self.on_judgement(call, Judgement::Refused(Refused { verdict, effects })).await,
            Err(error) => self.fault(&error),
        }
    }

    /// Keeps a rule for good, and puts it in force.
    fn keep(&self, rule: &Rule, everywhere: bool) -> Result<(), Report> {
        let Some(book) = &self.parts.lawbook else { return Ok(()) };
        let policy = book.keep(rule, everywhere)?;
        let config = |error: KernelError| Report::from_error(ReportKind::Config, &error);
        self.parts.kernel.reload(policy).map(drop).map_err(config)
    }

    async fn stale(&mut self) {
        self.note("no such question is open; it was answered or withdrawn").await;
    }

    pub(super) async fn note(&mut self, text: &str) {
        self.emit(Event::Notice { report: Report::note(text) }).await;
    }
}

/// What may be answered, the recommended first: what is asked once for a project is best kept for it.
fn choices(question: &Question, kept: bool) -> Vec<Choice> {
    let mut choices = vec![Choice::Once];
    if question.lasting {
        choices.push(Choice::Session);
    }
    if question.proposal.is_some() && kept {
        let at = if question.once_a_project { 0 } else { choices.len() };
        choices.insert(at, Choice::AlwaysHere);
        choices.push(Choice::AlwaysEverywhere);
    }
    choices
}

fn asked_reason(objection: &crate::kernel::Objection) -> AskedReason {
    AskedReason {
        rung: objection.rung.to_owned(),
        rule: objection.rule.to_owned(),
        reason: objection.reason,
        line: objection.line.clone(),
    }
}
