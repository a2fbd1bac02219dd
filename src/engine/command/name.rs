//! `/name`: what the session is called in lists.

use super::{Answer, Call, Command, Place, missing};
use crate::protocol::{Report, ReportKind};
use crate::session;

pub(super) const COMMAND: Command = Command {
    name: "name",
    aliases: &["rename"],
    args: "TEXT",
    about: "Give this session a name",
    place: Place::Engine,
    run: Some(|call| Box::pin(run(call))),
};

async fn run(call: Call<'_>) -> Result<Answer, Report> {
    if call.args.is_empty() {
        return Err(missing("name", "the name").hint("/name TEXT"));
    }
    let name =
        session::valid_name(call.args).map_err(|error| Report::from_error(ReportKind::Usage, &error))?;
    call.agent.name_session(&name)?;
    Ok(Answer::Markdown(format!("This session is called `{}` now.", name.replace('`', "'"))))
}
