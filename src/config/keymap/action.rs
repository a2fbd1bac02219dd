//! What keys can do, and where: each action declared once, with its name and its line of help.

/// What has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyContext {
    Global,
    Composer,
    List,
    Approval,
    Transcript,
}

impl KeyContext {
    /// In the order of help.
    pub const ALL: [Self; 5] = [Self::Composer, Self::Global, Self::Approval, Self::List, Self::Transcript];

    /// As keymap.yaml spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Composer => "composer",
            Self::List => "list",
            Self::Approval => "approval",
            Self::Transcript => "transcript",
        }
    }

    /// What it is, for people.
    pub fn about(self) -> &'static str {
        match self {
            Self::Global => "anywhere",
            Self::Composer => "while you write",
            Self::List => "in lists and pages",
            Self::Approval => "when a question waits",
            Self::Transcript => "in the transcript",
        }
    }
}

macro_rules! actions {
    ($($variant:ident $name:literal [$($context:ident)+] $about:literal;)+) => {
        /// What a key does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action { $(#[doc = $about] $variant,)+ }

        impl Action {
            /// In the order of help.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// As keymap.yaml spells it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// One line for help, without a full stop.
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)+ }
            }

            /// Where it means something.
            pub fn contexts(self) -> &'static [KeyContext] {
                match self { $(Self::$variant => &[$(KeyContext::$context),+],)+ }
            }
        }
    };
}

actions! {
    Submit "submit" [Composer] "Send; while a turn runs, steer it";
    FollowUp "follow_up" [Composer] "Send when the turn that runs has ended";
    CompleteOrFollowUp "complete_or_follow_up" [Composer] "Complete what is offered; else as follow_up while a turn runs";
    Newline "newline" [Composer] "Begin a new line";
    Interrupt "interrupt" [Global Composer Approval] "Stop the turn that runs";
    Rewind "rewind" [Global Composer] "Go back to an earlier message";
    ClearOrQuit "clear_or_quit" [Global Composer] "Clear the line; twice on an empty one quits";
    DeleteOrQuit "delete_or_quit" [Composer] "Delete the next character; on an empty line quit";
    HistorySearch "history_search" [Composer] "Search what was sent before; again for an older one";
    HistorySearchNewer "history_search_newer" [Composer] "While searching, a newer one";
    Editor "editor" [Global Composer] "Write in the external editor";
    ExpandChip "expand_chip" [Composer] "Unfold a pasted text at the cursor";
    PasteImage "paste_image" [Composer] "Paste the image on the clipboard";
    NextProfile "next_profile" [Global Composer] "Next profile";
    Transcript "transcript" [Global Composer] "Show the whole transcript";
    ExpandTool "expand_tool" [Global Composer] "Show all of the last tool call";
    Background "background" [Global Composer] "Send the running command to the background";
    Redraw "redraw" [Global Composer List Approval Transcript] "Draw the screen again";
    Suspend "suspend" [Global Composer List Approval Transcript] "Suspend iosm";
    Quit "quit" [Global Composer Transcript] "Leave; the session is kept";
    Keys "keys" [Global Composer Transcript] "Show every key";
    KeysWhenEmpty "keys_when_empty" [Composer] "On an empty line, show every key";
    Left "left" [Composer] "One character left";
    Right "right" [Composer] "One character right";
    Up "up" [Composer List Approval Transcript] "One line up; at the first line, an older message";
    Down "down" [Composer List Approval Transcript] "One line down; at the last line, a newer message";
    WordLeft "word_left" [Composer] "One word left";
    WordRight "word_right" [Composer] "One word right";
    LineStart "line_start" [Composer] "To the start of the line";
    LineEnd "line_end" [Composer] "To the end of the line";
    TextStart "text_start" [Composer] "To the start of the text";
    TextEnd "text_end" [Composer] "To the end of the text";
    DeleteLeft "delete_left" [Composer List] "Delete the character before the cursor";
    DeleteRight "delete_right" [Composer] "Delete the character under the cursor";
    DeleteWordLeft "delete_word_left" [Composer List] "Cut the word before the cursor";
    DeleteWordRight "delete_word_right" [Composer] "Cut the word after the cursor";
    DeleteToStart "delete_to_start" [Composer List] "Cut to the start of the line";
    DeleteToEnd "delete_to_end" [Composer] "Cut to the end of the line";
    Yank "yank" [Composer] "Put back what was cut";
    YankOlder "yank_older" [Composer] "After that: what was cut before it instead";
    Undo "undo" [Composer] "Undo";
    Redo "redo" [Composer] "Redo";
    ScrollUp "scroll_up" [Composer] "With --fullscreen, one page of the transcript up";
    ScrollDown "scroll_down" [Composer] "With --fullscreen, one page of the transcript down";
    PageUp "page_up" [List Approval Transcript] "One page up";
    PageDown "page_down" [List Approval Transcript] "One page down";
    Top "top" [List Approval Transcript] "To the top";
    Bottom "bottom" [List Approval Transcript] "To the bottom";
    Accept "accept" [List Approval] "Choose";
    Close "close" [List Transcript] "Close";
    AnswerYes "answer_yes" [Approval] "Yes, this once";
    AnswerAlways "answer_always" [Approval] "Always, in this project";
    AnswerNo "answer_no" [Approval] "No, with a word to the model";
    PreviousMessage "previous_message" [Transcript] "The message before";
    NextMessage "next_message" [Transcript] "The message after";
    Search "search" [Transcript] "Search";
    NextMatch "next_match" [Transcript] "Next match";
    PreviousMatch "previous_match" [Transcript] "Previous match";
    Fold "fold" [Transcript] "Fold or unfold";
    FoldAll "fold_all" [Transcript] "Fold or unfold everything";
    Copy "copy" [Transcript] "Copy the message";
}
