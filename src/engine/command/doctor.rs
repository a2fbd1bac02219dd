//! `/doctor`: what works here, what does not, and how to mend it.

use super::{Answer, Call, Command, Place};
use crate::engine::doctor::{CheckStatus, doctor};

pub(super) const COMMAND: Command = Command {
    name: "doctor",
    aliases: &[],
    args: "",
    about: "Check model, key, tools, sandbox, terminal; say how to mend each",
    place: Place::Engine,
    run: Some(|call: Call<'_>| {
        Box::pin(async move {
            let model = Some(call.agent.in_force().model.clone()).filter(|_| call.desk.has_model());
            let checks = doctor(&call.desk.ground, &call.desk.options, model.as_deref()).await;
            let mut out = String::from("| | check | |\n|---|---|---|\n");
            for check in checks {
                let mark = match check.status {
                    CheckStatus::Ok => "ok",
                    CheckStatus::Warning => "warn",
                    CheckStatus::Failed => "**FAIL**",
                };
                let cell = |text: String| text.replace('|', "\\|").replace('\n', " ");
                out.push_str(&format!("| {mark} | {} | {} |\n", check.name, cell(check.detail)));
                out.extend(check.mend.into_iter().map(|mend| format!("| | | try: {} |\n", cell(mend))));
            }
            Ok(Answer::Markdown(out))
        })
    }),
};
