//! `/init`: has the model write down how one works in this repository.

use super::{Answer, Call, Command, Place};

pub(super) const COMMAND: Command = Command {
    name: "init",
    aliases: &[],
    args: "[WHAT MATTERS]",
    about: "Write AGENTS.md: how one builds, tests and works here",
    place: Place::Engine,
    run: Some(|call: Call<'_>| {
        let text = prompt(call.args);
        Box::pin(async move { Ok(Answer::Prompt(text)) })
    }),
};

const PROMPT: &str = "\
Write AGENTS.md at the root of this repository: what an engineer, or an agent, must know to work here and cannot see at once.

- Look first: the manifest and lock files, CI configuration, task runners, the README, the largest folders, a few central files, and any AGENTS.md, CLAUDE.md, GEMINI.md or IOSM.md that is there.
- Say how to build, how to run all tests and a single one, how to lint and format: exact commands. Try each that is cheap; mark what you did not try.
- Say where things are and which way dependencies point, in at most ten lines; then the conventions that the code in fact follows, and the traps that cost time.
- At most 80 lines. Nothing that holds for any project, no list of files, no praise, nothing that you did not see.
- If AGENTS.md is there, change it instead: keep what is right, mend what is not, and say what you changed.";

fn prompt(wish: &str) -> String {
    match wish {
        "" => PROMPT.to_owned(),
        wish => format!("{PROMPT}\n- Above all: {wish}"),
    }
}
