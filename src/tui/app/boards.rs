//! What has a page of its own on the alternate screen besides the transcript: what has changed, and the settings.

use ratatui::text::{Line, Span};

use super::Screen;
use super::jobs::Job;
use super::pager::{Of, Pager, Place};
use crate::base::{now_ms, plural};
use crate::engine::{Changes, FileChange, SettingRow, change_setting, settings_in_force};
use crate::protocol::{Op, Report, ReportKind, Setup};
use crate::tui::cell::Passage;
use crate::tui::dialog::{Dialog, Settings};
use crate::tui::style::{Styles, Token};
use crate::tui::text::diff::{self, Shape};
use crate::tui::text::{Row, Wrap, settle, visible};

/// Under what the dialog of settings is open.
pub(super) const SETTINGS: &str = "settings";
/// What a session has of its own: a change of these counts at once.
const OF_SESSION: [&str; 3] = ["model", "profile", "thinking"];

impl Screen {
    /// Looks up what has changed, and opens a page with it.
    pub(super) fn show_changes(&mut self, revision: String, place: Place) {
        let Some(desk) = self.desk() else { return self.app.say("There is no session yet", now_ms()) };
        let (size, styles) = (self.tty.measure(), self.app.styles.clone());
        self.beside(move || {
            Job::Board(desk.changes(&revision).and_then(|changes| {
                let (title, passages) = page(&changes, size.cols, &styles)?;
                let mut pager = Pager::new(title, passages).laid_out(Of::Changes(revision), size.cols);
                pager.fit(size.rows);
                pager.go(&place);
                Ok(pager)
            }))
        });
    }

    pub(super) fn open_board(&mut self, board: Result<Pager, Report>) {
        match board {
            Ok(pager) => {
                // The window may have changed meanwhile.
                self.app.effects.extend(pager.again(self.tty.measure().cols));
                self.app.pager = Some(pager);
            }
            Err(report) => self.app.refuse(&report, now_ms()),
        }
    }

    /// Opens the settings with this one chosen; where they are open, shows them as they are now.
    pub(super) fn show_settings(&mut self, key: &str) {
        let setup = self.app.footer.setup.as_ref().filter(|_| self.session.is_some());
        match settings_in_force(&self.ground) {
            Ok(mut rows) => {
                setup.into_iter().for_each(|setup| in_session(&mut rows, setup));
                match self.app.layers.settings() {
                    Some(settings) => settings.set_rows(rows),
                    None => {
                        let settings = Settings::new(rows).at(key);
                        self.app.layers.open(SETTINGS, Dialog::Settings(settings));
                    }
                }
            }
            Err(report) => self.app.refuse(&report, now_ms()),
        }
    }

    /// Keeps a setting (`KEY=VALUE`), and puts it in force where that can be done at once.
    pub(super) async fn set(&mut self, change: &str) {
        let (key, value) = change.split_once('=').unwrap_or((change, ""));
        match self.keep(key, value) {
            Ok(said) => {
                self.app.say(said, now_ms());
                if OF_SESSION.contains(&key) && self.session.is_some() {
                    self.send(Op::Command(format!("{key} {value}"))).await;
                }
            }
            Err(report) => self.app.refuse(&report, now_ms()),
        }
        self.show_settings(key);
    }

    fn keep(&mut self, key: &str, value: &str) -> Result<String, Report> {
        change_setting(&self.ground, key, Some(value).filter(|value| !value.is_empty()))?;
        // The demo has settings of its own, which are gone with it.
        if self.demo.is_none() {
            self.ground.settings = (self.start.survey)()?.settings;
        }
        let own = self.ground.dirs.config.join("settings.yaml").display().to_string();
        let origin = self.ground.settings.origin(key);
        if key == "theme" {
            self.dress_as_set()?;
        }
        Ok(match key {
            _ if !value.is_empty() && self.demo.is_none() && origin != own => {
                format!("Kept in settings.yaml; here it stays as it is set by {origin}")
            }
            key if key.starts_with("limits.") => {
                "Kept in settings.yaml; it counts from the next session on".to_owned()
            }
            _ => "Kept in settings.yaml".to_owned(),
        })
    }
}

/// What the session has in force instead of what is set.
fn in_session(rows: &mut [SettingRow], setup: &Setup) {
    for (key, now) in [("model", &setup.model), ("profile", &setup.profile), ("thinking", &setup.thinking)] {
        let Some(row) = rows.iter_mut().find(|row| row.key == key && row.value.as_ref() != Some(now)) else {
            continue;
        };
        match &row.value {
            // An alias stands for a model.
            Some(alias) if key == "model" && !alias.contains('/') => {
                row.value = Some(format!("{alias} ({now})"))
            }
            _ => (row.value, row.origin) = (Some(now.clone()), "this session".to_owned()),
        }
    }
}

/// The page of what has changed: a title, and a passage for each file.
fn page(changes: &Changes, width: u16, styles: &Styles) -> Result<(String, Vec<Passage>), Report> {
    let since = changes.since.as_deref().unwrap_or("the beginning");
    if changes.files.is_empty() {
        return Err(Report::new(ReportKind::Usage, format!("Nothing is different from {since}")));
    }
    let files = plural(changes.files.len(), "file");
    let title = format!("since {since}: {files} +{} −{}", changes.added, changes.removed);
    let mut passages: Vec<Passage> =
        changes.files.iter().map(|file| passage(file, changes.cut, width, styles)).collect();
    if changes.cut {
        let text = "The changes are longer than what is shown; `git diff` shows them all.".to_owned();
        let row = Row::words(Span::styled(text.clone(), styles.get(Token::Warning)));
        passages.push(Passage { text, lines: settle(vec![row], Wrap::Words(width)), is_call: false });
    }
    Ok((title, passages))
}

fn passage(file: &FileChange, cut: bool, width: u16, styles: &Styles) -> Passage {
    let (added, removed) = diff::counts(&file.patch);
    let mut rows = vec![Row::words(Line::from(vec![
        Span::styled(visible(&file.path).into_owned(), styles.get(Token::Heading)),
        Span::styled(format!("  {} +{added} −{removed}", file.mark), styles.get(Token::Muted)),
    ]))];
    if file.patch.is_empty() && cut {
        rows.push(Row::words(Span::styled("not shown", styles.get(Token::Muted))));
    }
    rows.extend(diff::rows(&file.patch, Shape { width, most: usize::MAX, numbers: true }, styles));
    rows.push(Row::blank());
    let lines = settle(rows, Wrap::Words(width));
    Passage { text: format!("{}\n{}", file.path, file.patch), lines, is_call: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::SettingChange;

    fn changes(cut: bool) -> Changes {
        let file =
            |mark, path: &str, patch: &str| FileChange { mark, path: path.into(), patch: patch.into() };
        Changes {
            since: Some("abc123".into()),
            files: vec![
                file("changed", "src/a.rs", "@@ -3,2 +3,2 @@\n a\n-let x = 1;\n+let y = 1;\n"),
                file("new", "b.txt", if cut { "" } else { "new file mode 100644\n@@ -0,0 +1 @@\n+one\n" }),
            ],
            added: 2,
            removed: 1,
            cut,
        }
    }

    fn lines(cut: bool, width: u16) -> Vec<String> {
        let (_, passages) = page(&changes(cut), width, &Styles::plain()).unwrap();
        let lines = passages.iter().flat_map(|passage| &passage.lines);
        lines.map(|line| line.to_string().trim_end().to_owned()).collect()
    }

    #[test]
    fn each_file_is_a_passage_and_wide_screens_show_both_sides() {
        let (title, passages) = page(&changes(false), 80, &Styles::plain()).unwrap();
        assert_eq!(title, "since abc123: 2 files +2 −1");
        assert_eq!(passages.len(), 2);
        assert_eq!(
            lines(false, 80),
            [
                "src/a.rs  changed +1 −1",
                "3   a",
                "4 - let x = 1;",
                "4 + let y = 1;",
                "",
                "b.txt  new +1 −0",
                "new file mode 100644",
                "1 + one",
                ""
            ]
        );
        assert_eq!(lines(false, 120)[2], format!("{:<58} │ 4 + let y = 1;", "4 - let x = 1;"));
        let cut = lines(true, 80);
        assert!(
            cut.contains(&"not shown".to_owned()) && cut.last().unwrap().contains("`git diff`"),
            "{cut:?}"
        );
        let none = Changes { files: Vec::new(), ..changes(false) };
        assert!(page(&none, 80, &Styles::plain()).unwrap_err().message.contains("abc123"));
    }

    #[test]
    fn what_the_session_has_in_force_stands_before_what_is_set() {
        let row = |key: &str, value: &str| SettingRow {
            key: key.into(),
            value: Some(value.into()),
            origin: "built in".into(),
            about: "",
            change: SettingChange::Choice(Vec::new()),
        };
        let mut rows = vec![row("model", "fast"), row("profile", "full"), row("thinking", "off")];
        let setup = Setup {
            model: "a/b".into(),
            profile: "plan".into(),
            thinking: "off".into(),
            context_window: 1,
            base_url: None,
        };
        in_session(&mut rows, &setup);
        let shown = |row: &SettingRow| format!("{} {}", row.value.clone().unwrap_or_default(), row.origin);
        let shown: Vec<String> = rows.iter().map(shown).collect();
        assert_eq!(shown, ["fast (a/b) built in", "plan this session", "off built in"]);
        rows[0].value = Some("c/d".into());
        in_session(&mut rows, &setup);
        assert_eq!((rows[0].value.as_deref(), rows[0].origin.as_str()), (Some("a/b"), "this session"));
    }
}
