//! The policy while a session lasts: looked at before every request, exchanged as a whole or not at all.

use super::driver::Agent;
use crate::config::{Policy, Profile, Rule};
use crate::protocol::{Event, Report, ReportKind};

/// Where policies come from, and where answers for always go.
pub trait Lawbook: Send + Sync {
    /// The policy as its files say now, when they have changed since this was last asked; a report
    /// when they are not valid.
    fn changed(&self) -> Option<Result<Policy, Report>>;

    /// The policy as its files say now, changed or not.
    fn read(&self) -> Result<Policy, Report>;

    /// The policy as it would be under another profile, whose rules are a part of it.
    fn policy_for(&self, profile: &Profile) -> Result<Policy, Report>;

    /// From now on the rules of this profile count.
    fn take_profile(&self, profile: &Profile);

    /// Keeps a rule for this project, or for every one, and gives the policy with it.
    fn keep(&self, rule: &Rule, everywhere: bool) -> Result<Policy, Report>;
}

impl Agent {
    /// Puts changed policy files in force; bad ones leave the old policy as it is.
    pub(super) async fn look_at_policy(&mut self) {
        if let Some(changed) = self.parts.lawbook.as_ref().and_then(|book| book.changed()) {
            self.put_in_force(changed).await;
        }
    }

    /// Reads the policy files now.
    pub async fn reload_policy(&mut self) {
        if let Some(book) = self.parts.lawbook.clone() {
            self.put_in_force(book.read()).await;
        }
    }

    async fn put_in_force(&mut self, policy: Result<Policy, Report>) {
        let reloaded = policy.and_then(|policy| {
            self.parts.kernel.reload(policy).map_err(|error| Report::from_error(ReportKind::Config, &error))
        });
        let report = match reloaded {
            Ok(None) => return,
            Ok(Some(now)) => Report::note(format!(
                "the policy has changed: {} in force now",
                crate::base::plural(now.rules, "rule")
            )),
            Err(report) => {
                let mut told = Report::note(
                    "the policy files have changed and are not valid; the old policy stays in force",
                )
                .cause(report.message);
                told.causes.extend(report.causes);
                told.hints = report.hints;
                told.hint("mend the file, then it is read again by itself")
            }
        };
        self.emit(Event::Notice { report }).await;
    }
}
