//! A text in the user's own editor.

use super::desk::FrontDesk;
use crate::host::temp::PrivateTemp;
use crate::host::user;
use crate::protocol::{Report, ReportKind};

/// When neither VISUAL nor EDITOR is set; POSIX has it everywhere.
const DEFAULT: &str = "vi";

/// Opens `text` in VISUAL, else EDITOR, and gives back what was written. The terminal must have been let go.
pub fn edit_text(desk: &FrontDesk, text: &str) -> Result<String, Report> {
    let set = |name: &str| (desk.options.env)(name).filter(|value| !value.trim().is_empty());
    let editor = set("VISUAL").or_else(|| set("EDITOR")).unwrap_or_else(|| DEFAULT.to_owned());
    let failed = |why: String| {
        Report::new(ReportKind::Host, format!("the editor `{editor}` could not be used"))
            .cause(why)
            .hint("set EDITOR to one that is installed; what you wrote is as it was")
    };
    let temp = PrivateTemp::new("iosm-edit-").map_err(|error| failed(error.to_string()))?;
    temp.put("message.md", text).map_err(|error| failed(error.to_string()))?;
    let file = temp.path().join("message.md");
    let grant = desk.kernel.user_editor(&file).map_err(|error| failed(error.to_string()))?;
    match user::edit(grant, &editor) {
        Ok(true) => std::fs::read_to_string(&file).map_err(|error| failed(error.to_string())),
        Ok(false) => Err(failed("it ended with an error".to_owned())),
        Err(error) => Err(failed(error.to_string())),
    }
}
