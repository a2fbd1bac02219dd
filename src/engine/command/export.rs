//! `/export`: the conversation as a file.

use std::path::{Path, PathBuf};

use super::{Answer, Call, Command, Place};
use crate::engine::export::{ExportFormat, write};
use crate::protocol::{Report, ReportKind};

pub(super) const COMMAND: Command = Command {
    name: "export",
    aliases: &[],
    args: "[md|html|json] [PATH] [--force]",
    about: "Write this conversation to a file",
    place: Place::Engine,
    run: Some(|call| Box::pin(run(call))),
};

async fn run(call: Call<'_>) -> Result<Answer, Report> {
    let asked = parse(call.args)?;
    let Some(transcript) = call.desk.transcript()? else {
        return Err(Report::new(ReportKind::Usage, "/export: this session is not kept")
            .hint("begin one without --no-session"));
    };
    let name = || PathBuf::from(format!("{}.{}", transcript.session, asked.format.ending()));
    let to = call.desk.ground.workspace.cwd.join(asked.path.clone().unwrap_or_else(name));
    let written = write(&call.desk.kernel, &to, transcript.render(asked.format), asked.force)?;
    Ok(Answer::Markdown(format!("Written to `{}`.", written.display())))
}

#[derive(Debug, PartialEq, Eq)]
struct Asked {
    format: ExportFormat,
    path: Option<PathBuf>,
    force: bool,
}

/// The format is a word of its own, else what the path ends in, else Markdown. A path may hold spaces.
fn parse(args: &str) -> Result<Asked, Report> {
    let args = args.trim();
    let (args, force) = match args.strip_suffix("--force") {
        Some(rest) if rest.is_empty() || rest.ends_with(' ') => (rest.trim(), true),
        _ => (args, false),
    };
    let (first, rest) = args.split_once(char::is_whitespace).unwrap_or((args, ""));
    let (format, path) = match ExportFormat::named(first) {
        Some(format) => (Some(format), rest.trim()),
        None => (None, args),
    };
    let path = (!path.is_empty()).then(|| PathBuf::from(path));
    if let Some(word) = path.as_ref().and_then(|path| path.to_str()).filter(|path| path.starts_with('-')) {
        return Err(Report::new(ReportKind::Usage, format!("/export: no such word: {word}"))
            .hint("/export [md|html|json] [PATH] [--force]; a file of that name is ./NAME"));
    }
    let ending = path.as_deref().and_then(Path::extension).and_then(|ending| ending.to_str());
    let format = format.or_else(|| ending.and_then(ExportFormat::named)).unwrap_or(ExportFormat::Markdown);
    Ok(Asked { format, path, force })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_path_and_force_are_told_apart() {
        use ExportFormat::{Html, Json, Markdown};
        let cases = [
            ("", Markdown, None, false),
            ("html", Html, None, false),
            ("json out/a.txt", Json, Some("out/a.txt"), false),
            ("my talk.html", Html, Some("my talk.html"), false),
            ("talk", Markdown, Some("talk"), false),
            ("--force", Markdown, None, true),
            ("md a.html --force", Markdown, Some("a.html"), true),
        ];
        for (args, format, path, force) in cases {
            assert_eq!(
                parse(args).unwrap(),
                Asked { format, path: path.map(PathBuf::from), force },
                "{args}"
            );
        }
        assert!(parse("--forse").unwrap_err().message.contains("--forse"));
    }
}
