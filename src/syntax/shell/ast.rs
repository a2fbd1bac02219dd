//! A parsed script: what bash reads, before anything is expanded.

use std::rc::Rc;

/// One text parsed as a script. A substitution is a script of its own.
#[derive(Debug)]
pub(super) struct Script {
    pub src: Rc<str>,
    pub body: Seq,
    /// Where in `body` each line begins: an expansion that fails ends its line, and the next one runs.
    pub lines: Vec<usize>,
    /// Bodies of heredocs; a redirection names its own by place.
    pub heredocs: Vec<RawWord>,
    /// Why the rest could not be read. Bash runs whole lines before the first it cannot read.
    pub error: Option<&'static str>,
}

/// Commands one after another; `true` for one that runs in the background.
pub(super) type Seq = Vec<(Node, bool)>;

/// From and to, in bytes of the script's source.
pub(super) type Span = (usize, usize);

#[derive(Debug)]
pub(super) enum Node {
    Simple(Simple),
    Pipeline(Vec<Node>),
    /// The first command, then each with whether it runs on success (`&&`) or on failure (`||`).
    Chain(Box<Node>, Vec<(bool, Node)>),
    Subshell(Seq, Vec<Redir>),
    Group(Seq, Vec<Redir>),
    /// Conditions and bodies, then the `else`.
    If(Vec<(Seq, Seq)>, Option<Seq>, Vec<Redir>),
    While(Seq, Seq, Vec<Redir>),
    For(For),
    Case(RawWord, Vec<(Vec<RawWord>, Seq)>, Vec<Redir>),
    Function {
        name: String,
        body: Rc<Node>,
    },
    /// `((…))`, and the head of `for ((…))`.
    Arith(Vec<Part>, Vec<Redir>),
    /// `[[ … ]]`.
    Test(Vec<RawWord>, Vec<Redir>),
    Coproc(Box<Node>),
}

#[derive(Debug)]
pub(super) struct For {
    pub name: String,
    /// `None` for the script's own arguments.
    pub values: Option<Vec<RawWord>>,
    /// `select` asks, so its body may run any number of times in any order.
    pub select: bool,
    pub body: Seq,
    pub redirs: Vec<Redir>,
}

#[derive(Debug, Default)]
pub(super) struct Simple {
    pub assigns: Vec<Assign>,
    pub words: Vec<RawWord>,
    pub redirs: Vec<Redir>,
    pub span: Span,
}

#[derive(Debug)]
pub(super) struct Assign {
    pub name: String,
    /// `NAME+=` or `NAME[…]=`: what comes out is more than the value.
    pub partial: bool,
    /// What stands between the brackets of `NAME[…]=`.
    pub index: Option<Vec<Part>>,
    pub value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    Word(RawWord),
    Array(Vec<RawWord>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RedirOp {
    Read,
    Write,
    Append,
    /// `<>`.
    Both,
    /// `>&` and `<&`: a descriptor, or for `>&` a file.
    CopyOut,
    CopyIn,
    /// A heredoc's place in [`Script::heredocs`].
    Heredoc(usize),
    HereString,
}

#[derive(Debug)]
pub(super) struct Redir {
    pub op: RedirOp,
    pub target: RawWord,
}

#[derive(Debug, Default, Clone)]
pub(super) struct RawWord {
    pub parts: Vec<Part>,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub(super) enum Part {
    /// Quotes removed and escapes read. Unquoted text is open to braces, tildes and globs.
    Text {
        text: String,
        quoted: bool,
    },
    Var {
        name: String,
        op: VarOp,
        quoted: bool,
    },
    /// `$(…)` and backticks.
    Sub {
        script: Rc<Script>,
        quoted: bool,
    },
    /// `<(…)` and `>(…)`.
    Process(Rc<Script>),
    /// `$((…))`: a number.
    Arith(Vec<Part>),
}

#[derive(Debug, Clone)]
pub(super) enum VarOp {
    Plain,
    /// `${#X}`.
    Length,
    /// `-`, `=`, `+` or `?`; with a colon, empty counts as unset.
    Default {
        kind: u8,
        colon: bool,
        word: Vec<Part>,
    },
    /// `#`, `##`, `%`, `%%`.
    Strip {
        front: bool,
        longest: bool,
        pattern: Vec<Part>,
    },
    /// What reads a value as code, or may.
    Odd(Box<Odd>),
    /// Anything else; the parts may hold substitutions.
    Other(Vec<Part>),
}

/// `${X[…]}`, `${!X}`, `${X:…}`, `${X@P}`, and these together.
#[derive(Debug, Clone)]
pub(super) struct Odd {
    pub index: Option<Vec<Part>>,
    /// The value names what is meant.
    pub indirect: bool,
    pub length: bool,
    pub rest: Vec<Part>,
    /// The rest is arithmetic: where to begin, and how much to take.
    pub slice: bool,
    /// `@P`: the value is expanded as a prompt.
    pub prompt: bool,
}
