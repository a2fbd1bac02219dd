//! The end of a run: what it came to, put on the disk before it is told.

use std::path::{Path, PathBuf};

use super::Agent;
use crate::agent::turn::Ending;
use crate::host::tree;
use crate::kernel::Violation;
use crate::protocol::{Outcome, Report, ReportKind, Status};
use crate::session::Payload;

impl Agent {
    /// How a command ended that no model was asked about.
    pub fn answered(&self, said: Result<String, Report>) -> Outcome {
        let model = self.parts.provider.name().to_owned();
        let outcome = match said {
            Ok(text) => {
                let report = Report::note("");
                Outcome {
                    status: Status::Success,
                    text,
                    errors: Vec::new(),
                    ..Outcome::unbegun(model, report)
                }
            }
            Err(report) => Outcome::unbegun(model, report),
        };
        Outcome { session_id: self.parts.session_id.clone(), ..outcome }
    }

    pub(super) async fn conclude(&mut self, ending: Ending, duration_ms: u64) -> Outcome {
        self.look_for_changes().await;
        let status = format!("{:?}", ending.status).to_lowercase();
        self.write(Payload::TurnEnd { status });
        // A fault that came with the last entries finds the machine idle, which passes it over.
        self.inputs.clear();
        let mut errors: Vec<Report> = ending.report.into_iter().collect();
        let told = errors.len();
        errors.extend(self.log_lost.take().filter(|lost| !errors.contains(lost)));
        if let Some(log) = &mut self.parts.log
            && let Err(error) = log.sync()
        {
            errors.push(Report::from_error(ReportKind::State, &error));
        }
        if let Err(error) = self.parts.kernel.seal() {
            errors.push(Report::from_error(ReportKind::State, &error));
        }
        // What was done but not kept is no success.
        let unkept = ending.status == Status::Success && errors.len() > told;
        let broken = self.look_at_constraints();
        let against = !broken.is_empty();
        errors.extend(broken);
        let state = self.state.as_ref().expect("the state is put back after every step");
        let notes = self.notes.lock().expect("notes are never poisoned");
        let run = state.run();
        Outcome {
            status: if unkept || (against && ending.status == Status::Success) {
                Status::Error
            } else {
                ending.status
            },
            text: state.text().to_owned(),
            structured: state.structured().cloned(),
            findings: notes.findings.clone(),
            findings_reported: notes.reported,
            session_id: self.parts.session_id.clone(),
            model: self.parts.provider.name().to_owned(),
            turns: run.turns,
            calls: self.account.counts(),
            denied_tools: self.account.denied_tools(),
            files_changed: self.account.files_changed(),
            usage: run.usage,
            cost: run.cost,
            duration_ms,
            errors,
        }
    }

    /// What commands did that the project's constraints forbid. An edit of that kind was refused.
    fn look_at_constraints(&self) -> Vec<Report> {
        if !self.account.ran_command() {
            return Vec::new();
        }
        let changed: Vec<PathBuf> = self.account.files_changed().into_iter().map(PathBuf::from).collect();
        let tell = |broken: Violation| {
            let files: Vec<String> = broken.files.iter().map(|file| self.known_as(file)).collect();
            Report::new(
                ReportKind::Check,
                format!(
                    "a command broke the constraint \"{}\": it changed {}",
                    broken.clause,
                    files.join(", ")
                ),
            )
            .cause(format!("it stands in {}", broken.origin))
            .hint("undo it with /rollback, or change the constraint")
        };
        match self.parts.kernel.broken_constraints(&self.parts.path, &changed) {
            Ok(broken) => broken.into_iter().map(tell).collect(),
            Err(error) => vec![Report::from_error(ReportKind::State, &error)],
        }
    }

    /// A path as the user knows it.
    fn known_as(&self, path: &Path) -> String {
        path.strip_prefix(&self.parts.workspace).unwrap_or(path).display().to_string()
    }

    /// Files that commands changed: no effect names them, so the workspace is looked over. What cannot
    /// be looked at is left out.
    async fn look_for_changes(&mut self) {
        if !self.account.ran_command() {
            return;
        }
        let Ok(grant) = self.parts.kernel.system_tree() else { return };
        let since = self.started_ns;
        let looked = tokio::task::spawn_blocking(move || tree::changed_since(grant, since)).await;
        if let Ok(Ok(changed)) = looked {
            self.account.found_changed(&self.parts.workspace, changed);
        }
    }
}
