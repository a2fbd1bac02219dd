//! Assignments, declarations and tests: values that a word gives to a name, or that are compared.

use super::ast::{Assign, Part, RawWord, Value};
use super::evaluate::is_prompt;
use super::state::Val;
use super::walk::Walk;
use super::{Known, Word};

/// One assignment, expanded.
pub(super) struct Assigned {
    pub name: String,
    /// As a command is given it.
    pub word: Word,
    /// What the variable holds afterwards.
    pub value: Val,
    /// What was written behind the sign, though more may come out.
    pub given: Val,
}

impl Walk<'_, '_> {
    pub(super) fn assign(&mut self, assign: &Assign) -> Assigned {
        if let Some(index) = &assign.index {
            self.index(index);
        }
        let name = assign.name.clone();
        match &assign.value {
            Value::Word(word) => {
                let written = word.parts.iter().all(|part| matches!(part, Part::Text { .. }));
                let word = self.single(word);
                let given = match word.known {
                    // What stands for names or numbers is none of them; a glob stays as it is written.
                    Known::Pattern if !written => Val::Glob(word.text.clone()),
                    _ => value_of(&word),
                };
                self.out
                    .gives(&name, if assign.partial && is_prompt(&name) { &Val::Unknown } else { &given });
                if assign.partial {
                    let word = Word { text: word.text, known: Known::Dynamic };
                    return Assigned { name, word, value: Val::Unknown, given };
                }
                Assigned { name, word, value: given.clone(), given }
            }
            Value::Array(words) => {
                let evaluated = self.out.evaluates(&name);
                for word in words {
                    let fields = self.fields(word);
                    self.element(word, &fields, evaluated);
                }
                if is_prompt(&name) {
                    self.out.gives(&name, &Val::Unknown);
                }
                let word = Word { text: "(…)".to_owned(), known: Known::Dynamic };
                Assigned { name, word, value: Val::Unknown, given: Val::Unknown }
            }
        }
    }

    /// Sets what was assigned, in the shell itself or by a declaration.
    pub(super) fn give(&mut self, argv: &[Word], assigned: &[Assigned]) {
        let command = argv.first().map_or("", |word| word.text.as_str());
        let flag =
            |letter: char| argv.iter().skip(1).any(|w| w.text.starts_with('-') && w.text.contains(letter));
        let declared = !argv.is_empty();
        let evaluated = declared && (flag('i') || flag('n'));
        for Assigned { name, value, given, .. } in assigned {
            if evaluated {
                self.out.at.evaluated.insert(name.clone());
                self.out.operand(given);
            }
            if let Val::Text(text) = given
                && declared
                && text.starts_with('(')
            {
                self.out.list(text);
            }
            if !declared && is_inherited(name) {
                // What the commands after it are depends on it.
                self.out.unseen();
            }
            self.out.at.set(name, value.clone());
            if command == "export" || declared && flag('x') {
                self.out.at.exported.insert(name.clone());
            }
            if command == "readonly" || declared && flag('r') {
                self.out.at.fixed.insert(name.clone());
            }
        }
    }

    /// An element of a list: `[index]=value` has an index.
    fn element(&mut self, word: &RawWord, fields: &[Word], evaluated: bool) {
        let indexed =
            matches!(word.parts.first(), Some(Part::Text { text, quoted: false }) if text.starts_with('['));
        if indexed {
            let text = fields.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
            let close = text.find("]=").or(text.find("]+="));
            match close {
                Some(close) => self.out.index(&text[1..close]),
                None => self.out.unseen(),
            }
            // What is shown of an index that is not known is no index.
            if fields.iter().any(|word| word.known == Known::Dynamic) {
                self.out.unseen();
            }
        }
        if evaluated {
            fields.iter().for_each(|word| self.out.operand(&value_of(word)));
        }
    }

    /// The words of `[[ … ]]`: some operators read what stands beside them as arithmetic.
    pub(super) fn test(&mut self, words: &[RawWord]) {
        let words: Vec<Word> = words.iter().map(|word| self.single(word)).collect();
        for (at, word) in words.iter().enumerate() {
            match word.text.as_str() {
                "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" => {
                    for beside in [at.checked_sub(1), Some(at + 1)].into_iter().flatten() {
                        if let Some(word) = words.get(beside) {
                            self.out.operand(&value_of(word));
                        }
                    }
                }
                "-v" | "-R" => {
                    if let Some(name) = words.get(at + 1) {
                        self.out.target(name);
                    }
                }
                _ => {}
            }
        }
    }
}

/// Variables that the environment has as a rule, so that giving them a value changes what later commands
/// run, without `export`.
fn is_inherited(name: &str) -> bool {
    const NAMES: &[&str] =
        &["PATH", "HOME", "TMPDIR", "PAGER", "EDITOR", "VISUAL", "ENV", "BASH_ENV", "SHELLOPTS"];
    const PREFIXES: &[&str] = &["LD_", "GIT_", "LESS", "PYTHON", "NODE_", "PERL5", "RUBY"];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

pub(super) fn value_of(word: &Word) -> Val {
    match word.known {
        Known::Number => Val::Number,
        Known::Literal => Val::Text(word.text.clone()),
        // A glob in an assignment stays as it is, until it is used without quotes.
        Known::Pattern => Val::Text(word.text.clone()),
        Known::Dynamic => Val::Unknown,
    }
}
