//! Programs with a small language of their own: sed, awk, find, dd, tar.

use super::Via;
use super::programs::Operands;
use super::shell::{Find, Folder, Use};
use super::sorted::sort;
use crate::syntax::shell::{Known, SimpleCommand, Word};

/// Options in the notation of the table.
const SED: &str = "e: f< l: i=: expression: file< line-length: in-place=:";
const SED_FLAGS: &[&str] = &[
    "n",
    "E",
    "r",
    "u",
    "z",
    "s",
    "e",
    "f",
    "l",
    "i",
    "quiet",
    "silent",
    "regexp-extended",
    "posix",
    "sandbox",
    "debug",
    "null-data",
    "unbuffered",
    "separate",
    "expression",
    "file",
    "line-length",
    "in-place",
];
const AWK: &str = "F: v: f< e: E< i< l: field-separator: assign: file< source: exec< include< load:";
const TAR: &str = "f: C: T< X< I! b: g! H: F! K: L: N: V: file: directory: files-from< exclude-from< exclude: \
     exclude-tag: strip-components: transform: xform: owner: group: mode: mtime: format: newer: after-date: \
     suffix: use-compress-program! to-command! checkpoint-action! info-script! rsh-command! rmt-command! \
     index-file> volno-file> listed-incremental! add-file< blocking-factor: record-size: starting-file: \
     tape-length: label: pax-option: level: sort: quoting-style: warning:";
const TAR_FLAGS: &[&str] = &[
    "c",
    "x",
    "t",
    "z",
    "v",
    "p",
    "O",
    "f",
    "C",
    "create",
    "extract",
    "get",
    "list",
    "gzip",
    "verbose",
    "file",
    "directory",
    "exclude",
    "strip-components",
];

/// `tar xzf a.tgz` with its first word as options of one letter each, their values beside them.
fn dashed(command: &SimpleCommand) -> SimpleCommand {
    let mut command = command.clone();
    let Some(first) = command.args().first().filter(|word| !word.text.starts_with('-')).cloned() else {
        return command;
    };
    let mut rest = command.argv.split_off(2).into_iter();
    for letter in first.text.chars() {
        command.argv.push(Word::literal(format!("-{letter}")));
        if "fCTXIbgHFKLNV".contains(letter) {
            command.argv.extend(rest.next());
        }
    }
    command.argv.remove(1);
    command.argv.extend(rest);
    command
}

impl Find<'_> {
    pub(super) fn sed(&mut self, command: &SimpleCommand, folder: Folder<'_>) {
        let sorted = sort(Operands::Sed, SED, command);
        let mut scripts = sorted.values_of(&["e", "expression"]);
        let mut operands = sorted.operands.clone();
        let in_place = sorted.has(&["i", "I", "in-place"]);
        // What follows `-i` is the ending of a copy that is kept.
        self.loose |= !sorted.values_of(&["i", "in-place"]).is_empty() || sorted.has(&["f", "file"]);
        self.loose |= sorted.given.iter().any(|given| !SED_FLAGS.contains(&given.as_str()));
        // Words only known when it runs may be options.
        let open = |word: &&Word| !word.is_literal() && word.text.starts_with(['$', '*', '?', '[']);
        self.loose |= operands.iter().any(open);
        for (file, usage) in &sorted.files {
            self.path(file, folder, *usage, Via::Word);
        }
        if scripts.is_empty() && sorted.files.is_empty() && !operands.is_empty() {
            scripts.push(operands.remove(0).clone());
        }
        for script in &scripts {
            match sed_files(script) {
                Some(files) => {
                    for (file, usage) in files {
                        self.path(&Word::literal(file), folder, usage, Via::Word);
                        self.writers += usize::from(usage.changes());
                    }
                }
                None => self.loose = true,
            }
        }
        let usage = if in_place { Use::Make } else { Use::Read };
        self.writers += usize::from(in_place);
        for word in operands {
            self.path(word, folder, usage, Via::Word);
        }
    }

    pub(super) fn awk(&mut self, command: &SimpleCommand, folder: Folder<'_>) {
        let sorted = sort(Operands::Awk, AWK, command);
        let mut operands = sorted.operands.clone();
        for (file, usage) in &sorted.files {
            self.path(file, folder, *usage, Via::Word);
        }
        let quiet = ["F", "v", "field-separator", "assign", "e", "source"];
        self.loose |= sorted.given.iter().any(|given| !quiet.contains(&given.as_str()));
        let mut program = sorted.values_of(&["e", "source"]).into_iter().next();
        if program.is_none() && sorted.files.is_empty() && !operands.is_empty() {
            program = Some(operands.remove(0).clone());
        }
        self.each(&operands, folder, Use::Read);
        // It opens files by names that stand in its text, or come with `-v`.
        let opens = |word: &Word| ["getline", "ARGV"].iter().any(|sign| word.text.contains(sign));
        if program.as_ref().is_some_and(opens) {
            self.mentions("perl", command);
            let base = self.base(folder.dir);
            for word in sorted.values_of(&["v", "assign"]) {
                let value = word.text.split_once('=').map_or("", |(_, value)| value);
                base.iter().for_each(|base| self.mention(base, value, false));
            }
        }
        let Some(text) = program.as_ref().and_then(Word::as_literal) else {
            self.loose = true;
            return;
        };
        for file in awk_files(text) {
            self.path(&Word::literal(file), folder, Use::Write, Via::Word);
            self.writers += 1;
        }
        self.loose |= ["system", "getline", "@"].iter().any(|word| text.contains(word)) || sends(text);
    }

    pub(super) fn find(&mut self, command: &SimpleCommand, folder: Folder<'_>) {
        let args = command.args();
        // After its folders, everything is an expression.
        let begins = |word: &Word| {
            word.text.starts_with('-') && !matches!(word.text.as_str(), "-H" | "-L" | "-P")
                || matches!(word.text.as_str(), "(" | "!")
        };
        let start = args.iter().position(begins).unwrap_or(args.len());
        let (folders, tests) = args.split_at(start);
        let deletes = tests.iter().any(|word| word.text == "-delete");
        self.loose |= tests.iter().any(|word| word.known == Known::Dynamic && !word.text.contains("{}"));
        // What a glob finds may begin like an option.
        let open = |word: &Word| word.is_open() && word.text.starts_with(['*', '?', '[']);
        self.loose |= folders.iter().any(|word| word.known == Known::Dynamic) || args.iter().any(open);
        // Of what goes by a name, the folder is written, not deleted.
        let usage = match deletes {
            true if goes_by_name(tests) => Use::Write,
            true => Use::Delete,
            false => Use::List,
        };
        self.removals += usize::from(deletes);
        self.writers += usize::from(deletes);
        let named: Vec<&Word> = folders.iter().filter(|word| !word.text.starts_with('-')).collect();
        // What it deletes is noted with the names it goes by; a glob of folders is deleted whole.
        self.gentle = true;
        self.doom_found(&named, tests, folder);
        if named.is_empty() {
            self.path(&Word::literal("."), folder, usage, Via::Word);
        }
        for word in named {
            self.gentle = word.is_literal();
            // A folder that is a link is gone through, and what lies in it is meant.
            self.path(word, folder, usage, Via::Word);
            self.loose |= deletes && !word.is_literal();
        }
        self.gentle = false;
        if deletes && args.iter().any(|word| matches!(word.text.as_str(), "-L" | "-follow" | "-H")) {
            self.loose = true;
        }
        for pair in tests.windows(2) {
            if matches!(pair[0].text.as_str(), "-fprint" | "-fprint0" | "-fprintf" | "-fls") {
                self.path(&pair[1], folder, Use::Write, Via::Word);
                self.writers += 1;
            } else if pair[0].text == "-files0-from" {
                self.path(&pair[1], folder, Use::Read, Via::Word);
            }
        }
    }

    pub(super) fn dd(&mut self, command: &SimpleCommand, folder: Folder<'_>) {
        for word in command.args() {
            let value = |text: &str| Word { text: text.to_owned(), known: word.known };
            if let Some(file) = word.text.strip_prefix("if=") {
                self.path(&value(file), folder, Use::Read, Via::Word);
            } else if let Some(file) = word.text.strip_prefix("of=") {
                self.path(&value(file), folder, Use::Write, Via::Word);
                self.writers += 1;
            } else {
                self.loose |= !word.is_literal();
            }
        }
    }

    /// Archives: what is packed, what is unpacked and where.
    pub(super) fn tar(&mut self, command: &SimpleCommand, folder: Folder<'_>) {
        let command = &dashed(command);
        let sorted = sort(Operands::Tar, TAR, command);
        let does = |names: &[&str]| sorted.has(names);
        let mut letters = String::new();
        for (letter, names) in [
            ('x', ["x", "extract", "get"]),
            ('t', ["t", "list", "list"]),
            ('O', ["O", "to-stdout", "to-stdout"]),
        ] {
            letters.extend(does(&names).then_some(letter));
        }
        let archive = sorted.values_of(&["f", "file"]).pop();
        let folders = sorted.values_of(&["C", "directory"]);
        let into = folders.last().cloned();
        let operands = &sorted.operands;
        self.loose |= sorted.more || sorted.given.iter().any(|given| !TAR_FLAGS.contains(&given.as_str()));
        for (file, usage) in &sorted.files {
            self.path(file, folder, *usage, Via::Word);
            self.unknown.push(Use::Read);
        }
        let unpacks = letters.contains('x') && !letters.contains('O');
        let usage = if letters.contains('t') || letters.contains('x') { Use::Read } else { Use::Write };
        if let Some(archive) = &archive {
            self.path(archive, folder, usage, Via::Word);
        }
        if unpacks || usage == Use::Write {
            self.writers += 1;
            // What an archive holds, links among it, is not known.
            self.loose |= unpacks || into.is_some();
            self.renames += usize::from(unpacks);
        }
        if unpacks {
            self.path(&into.unwrap_or_else(|| Word::literal(".")), folder, Use::Write, Via::Word);
        } else if usage == Use::Write {
            self.tree = true;
            for word in operands {
                self.path(word, folder, Use::Read, Via::Word);
                for folders in folders.iter().filter(|_| word.is_literal() && !word.text.starts_with('/')) {
                    let text = format!("{}/{}", folders.text, word.text);
                    self.path(&Word { text, known: folders.known }, folder, Use::Read, Via::Word);
                }
            }
            self.tree = false;
        }
        self.loose |= archive.is_none() && usage == Use::Write;
    }
}

/// Whether an awk program may print to a file or a pipe: a `>` or a single `|` after a `print`, outside
/// of texts. Elsewhere they compare, or are part of a pattern.
fn sends(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (mut quoted, mut printing, mut at) = (false, false, 0);
    // A quote in a pattern would be taken for the start of a text.
    if text.contains("/\"") || text.contains("\"/") || text.contains("\\\"") {
        return text.contains("print") && text.contains(['>', '|']);
    }
    while at < bytes.len() {
        match bytes[at] {
            b'"' => quoted = !quoted,
            b'\\' => at += 1,
            _ if quoted => {}
            b'}' | b';' | b'\n' => printing = false,
            b'|' if bytes.get(at + 1) == Some(&b'|') => at += 1,
            b'>' | b'|' if printing => return true,
            b'p' if bytes[at..].starts_with(b"print") => printing = true,
            _ => {}
        }
        at += 1;
    }
    quoted
}

/// Literal files that an awk program prints to.
fn awk_files(text: &str) -> Vec<String> {
    let mut files = Vec::new();
    let first = |at: &usize| *at == 0 || text.as_bytes()[at - 1] != b'>';
    for at in text.match_indices('>').map(|(at, _)| at).filter(first).take(16) {
        let rest = text[at + 1..].trim_start_matches('>').trim_start();
        let file = rest.strip_prefix('"').and_then(|rest| rest.split_once('"')).map(|(file, _)| file);
        if let Some(file) = file.filter(|file| !file.is_empty() && !file.contains('\\')) {
            files.push(file.to_owned());
        }
    }
    files
}

/// The files that a sed script reads and writes; `None` when it cannot be read, or runs something.
fn sed_files(script: &Word) -> Option<Vec<(String, Use)>> {
    let text = script.as_literal().or_else(|| script.is_open().then_some(script.text.as_str()))?;
    let mut files = Vec::new();
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    let line_end =
        |from: usize| chars[from..].iter().position(|c| *c == '\n').map_or(chars.len(), |end| from + end);
    // Up to an unescaped `end`; the place after it.
    let past = |from: usize, end: char| {
        let mut at = from;
        let mut class = false;
        while at < chars.len() {
            match chars[at] {
                '\\' => at += 1,
                '[' => class = true,
                ']' => class = false,
                c if c == end && (!class || end != '/') => return Some(at + 1),
                '\n' if end != '\n' => return None,
                _ => {}
            }
            at += 1;
        }
        None
    };
    while at < chars.len() {
        match chars[at] {
            ' ' | '\t' | '\n' | ';' | '{' | '}' | '!' | ',' | '+' | '~' | '$' => at += 1,
            c if c.is_ascii_digit() => at += 1,
            '#' => at = line_end(at),
            '/' => {
                at = past(at + 1, '/')?;
                while matches!(chars.get(at), Some('I' | 'M')) {
                    at += 1;
                }
            }
            '\\' => at = past(at + 2, *chars.get(at + 1)?)?,
            '=' | 'd' | 'D' | 'g' | 'G' | 'h' | 'H' | 'n' | 'N' | 'p' | 'P' | 'x' | 'z' | 'F' => at += 1,
            'q' | 'Q' | 'l' | 'L' => {
                at += 1;
                while chars.get(at).is_some_and(|c| c.is_ascii_digit() || *c == ' ') {
                    at += 1;
                }
            }
            // Text to the end of the line, and of those that a backslash joins.
            'a' | 'i' | 'c' => {
                at = line_end(at);
                while at > 0 && at < chars.len() && chars[at - 1] == '\\' {
                    at = line_end(at + 1);
                }
            }
            'b' | 't' | 'T' | ':' => {
                while at < chars.len() && !matches!(chars[at], ';' | '\n' | '}') {
                    at += 1;
                }
            }
            's' | 'y' => {
                let plain = chars[at] == 'y';
                let mark = *chars.get(at + 1)?;
                if mark == '\\' || mark == '\n' || mark == '[' {
                    return None;
                }
                // A delimiter inside a class is no delimiter for `s`, except that GNU sed says it is one.
                let second = first_delimiter(&chars, at + 2, mark)?;
                at = first_delimiter(&chars, second, mark)?;
                loop {
                    match chars.get(at) {
                        _ if plain => break,
                        Some('g' | 'p' | 'i' | 'I' | 'm' | 'M') => at += 1,
                        Some(c) if c.is_ascii_digit() => at += 1,
                        Some('w') => {
                            let end = line_end(at);
                            files.push((
                                chars[at + 1..end].iter().collect::<String>().trim().to_owned(),
                                Use::Write,
                            ));
                            at = end;
                        }
                        Some('e') => return None,
                        _ => break,
                    }
                }
            }
            'w' | 'W' | 'r' | 'R' => {
                let usage = if matches!(chars[at], 'w' | 'W') { Use::Write } else { Use::Read };
                let end = line_end(at);
                files.push((chars[at + 1..end].iter().collect::<String>().trim().to_owned(), usage));
                at = end;
            }
            _ => return None,
        }
    }
    Some(
        files
            .into_iter()
            .filter(|(file, _)| !matches!(file.as_str(), "" | "/dev/stdout" | "/dev/stderr"))
            .collect(),
    )
}

/// The place after the next delimiter that is not escaped.
fn first_delimiter(chars: &[char], from: usize, mark: char) -> Option<usize> {
    let mut at = from;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 1,
            c if c == mark => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Whether the tests of a `find` take only what has a name of some form: `-name '*.o'`, with nothing that
/// would take others too.
pub(super) fn goes_by_name(tests: &[Word]) -> bool {
    let either = tests.iter().any(|word| matches!(word.text.as_str(), "-o" | "-or" | "," | "(" | ")"));
    let named = tests.windows(2).enumerate().any(|(at, pair)| {
        let negated = at > 0 && matches!(tests[at - 1].text.as_str(), "!" | "-not");
        let spelled = pair[1].text.chars().any(char::is_alphanumeric);
        matches!(pair[0].text.as_str(), "-name" | "-iname") && spelled && !negated
    });
    named && !either
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sed_scripts_are_read_as_far_as_they_are_plain() {
        let files = |text: &str| sed_files(&Word::literal(text)).map(|files| files.len());
        for text in [
            "s/a/b/g",
            "1,5p",
            "/x/d",
            "/a/,/b/{s|x|y|;p}",
            "$!N",
            "s#a/b#c#",
            "y/abc/xyz/",
            "/^$/d;q",
            "2q",
            "s/[/]/x/",
            "a\\\nhello",
            ":a;N;$!ba;s/\\n/ /g",
            "s,a,b,",
            "/x/I!d",
        ] {
            // `s/[/]/x/` is not plain: some seds end the pattern in the class.
            assert!(files(text) == Some(0) || text.contains("[/]"), "{text}: {:?}", files(text));
        }
        for text in ["w out", "s/a/b/w out", "/x/w out", "s/a/b/gw out\np"] {
            assert_eq!(files(text), Some(1), "{text}");
        }
        for text in ["e ls", "s/a/b/e", "1e", "s/a/b", "v", "s/x/y/ge"] {
            assert_eq!(files(text), None, "{text}");
        }
    }

    #[test]
    fn awk_files_and_pipes_are_seen() {
        assert_eq!(awk_files("{ print $1 > \"a\"; print >> \"b\" }"), ["a", "b"]);
        for text in [
            "{ print | \"sort\" }",
            "{ print > f }",
            "{ print \"a;\" > f }",
            "/a\"b/ { print > f }",
            "{printf(\"x\")>f}",
        ] {
            assert!(sends(text), "{text}");
        }
        for text in
            ["$1 > 20 { print $2 }", "$1 == 2 || $3 { print }", "/a|b/ { print }", "{ print \"->\" $1 }"]
        {
            assert!(!sends(text), "{text}");
        }
    }
}
