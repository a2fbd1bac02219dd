//! Programs with a small language of their own: sed, awk, find, dd, tar.

use super::Via;
use super::shell::{Find, Folder, Use};
use crate::syntax::shell::{Known, SimpleCommand, Word};

impl Find<'_> {
    pub(super) fn sed(&mut self, command: &SimpleCommand, folder: Folder<'_>) {
        let mut scripts: Vec<Word> = Vec::new();
        let mut operands: Vec<&Word> = Vec::new();
        let mut in_place = false;
        let mut ended = false;
        let mut args = command.args().iter();
        while let Some(word) = args.next() {
            let text = word.text.as_str();
            if ended || !text.starts_with('-') || text == "-" {
                // Words only known when it runs may be options.
                self.loose |= !word.is_literal() && !ended && word.text.starts_with(['$', '*', '?', '[']);
                operands.push(word);
                continue;
            }
            let attached = |rest: &str| Word { text: rest.to_owned(), known: word.known };
            match text {
                "--" => ended = true,
                "-n" | "-E" | "-r" | "-u" | "-z" | "--quiet" | "--silent" | "--regexp-extended"
                | "--posix" | "--sandbox" | "--debug" | "--null-data" | "--unbuffered" | "-nE" | "-En"
                | "-nr" | "-rn" => {}
                "-e" | "--expression" | "-ne" | "-Ee" | "-re" | "-nEe" => {
                    scripts.extend(args.next().cloned())
                }
                "-l" | "--line-length" => {
                    args.next();
                }
                "-i" | "--in-place" | "-Ei" | "-ri" | "-ni" => in_place = true,
                "-ie" | "-iE" => {
                    // The letters after `-i` are the ending of a copy that is kept.
                    in_place = true;
                    self.loose = true;
                }
                _ if text.starts_with("--expression=") => scripts.push(attached(&text[13..])),
                _ if text.starts_with("-i") || text.starts_with("--in-place") => {
                    in_place = true;
                    self.loose = true;
                }
                _ => {
                    in_place |= text.contains('i');
                    self.loose = true;
                    if matches!(text, "-f" | "--file") {
                        scripts.push(Word::literal(""));
                        if let Some(file) = args.next() {
                            self.path(file, folder, Use::Read, Via::Word);
                        }
                    }
                }
            }
        }
        if scripts.is_empty() && !operands.is_empty() {
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
        let mut program = None;
        let mut args = command.args().iter();
        let mut ended = false;
        while let Some(word) = args.next() {
            let text = word.text.as_str();
            if program.is_none() && !ended && text.starts_with('-') && text.len() > 1 {
                match text {
                    "--" => ended = true,
                    "-F" | "-v" | "--field-separator" | "--assign" => {
                        // An assigned text may name a file for `print >`; the program decides.
                        args.next();
                    }
                    _ if text.starts_with("-F") || text.starts_with("-v") => {}
                    _ => {
                        self.loose = true;
                        if matches!(text, "-f" | "--file") {
                            program = Some(Word::literal(""));
                            if let Some(file) = args.next() {
                                self.path(file, folder, Use::Read, Via::Word);
                            }
                        }
                    }
                }
                continue;
            }
            if program.is_none() {
                program = Some(word.clone());
            } else {
                self.path(word, folder, Use::Read, Via::Word);
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
        let open = |word: &Word| word.known == Known::Pattern && word.text.starts_with(['*', '?', '[']);
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
        let args = command.args();
        let mut letters = String::new();
        let mut archive = None;
        let mut into = None;
        let mut operands: Vec<&Word> = Vec::new();
        let mut at = 0;
        while let Some(word) = args.get(at) {
            let text = word.text.as_str();
            let bundle = at == 0 && !text.starts_with('-')
                || text.starts_with('-') && !text.starts_with("--") && text.len() > 1;
            at += 1;
            if let Some(long) = text.strip_prefix("--") {
                let (name, value) = long.split_once('=').map_or((long, None), |(n, v)| (n, Some(v)));
                let value = || value.map(|v| Word { text: v.to_owned(), known: word.known });
                match name {
                    "file" => archive = value().or_else(|| args.get(at).cloned()),
                    "directory" => into = value().or_else(|| args.get(at).cloned()),
                    "extract" | "get" => letters.push('x'),
                    "list" => letters.push('t'),
                    "create" => letters.push('c'),
                    "gzip" | "verbose" | "exclude" | "strip-components" => {}
                    _ => self.loose = true,
                }
                at += usize::from(matches!(long, "file" | "directory" | "exclude"));
            } else if bundle {
                for letter in text.chars().filter(|letter| *letter != '-') {
                    letters.push(letter);
                    match letter {
                        'f' => {
                            archive = args.get(at).cloned();
                            at += 1;
                        }
                        'C' => {
                            into = args.get(at).cloned();
                            at += 1;
                        }
                        'c' | 'x' | 't' | 'z' | 'v' | 'p' | 'O' => {}
                        _ => self.loose = true,
                    }
                }
            } else {
                operands.push(word);
            }
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
            for word in operands {
                self.path(word, folder, Use::Read, Via::Word);
            }
        }
        self.loose |= archive.is_none() && usage == Use::Write && !letters.contains('f');
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
    let text =
        script.as_literal().or_else(|| (script.known == Known::Pattern).then_some(script.text.as_str()))?;
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
