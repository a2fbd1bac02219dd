//! Programs whose words are known: what they read, write, list or delete. Data: a program that is not
//! here has no narrower effects than its sandbox.
//!
//! Options that matter are written in a small notation, one after another. `o>` is an option whose
//! value is written, `f<` read, `k:` a value that is neither; `i!` makes the program do more than is
//! known. One letter stands for a short option, more for a long one. Options that are not named take no
//! value and change nothing on disk. `*` alone says that the program always does more than is known.

use std::collections::HashMap;
use std::sync::OnceLock;

/// What a program does with its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operands {
    /// They are texts, never paths.
    Texts,
    /// It reads their contents.
    Reads,
    /// As `Reads`, after a first operand that is a pattern.
    PatternThenReads,
    /// It looks at names and metadata only.
    Lists,
    /// It writes them, through links.
    Writes,
    /// It makes or replaces the names themselves.
    Makes,
    /// As `Writes`, after a first operand that is a mode or an owner.
    ModeThenWrites,
    Deletes,
    /// Reads all but the last, writes the last.
    Copies,
    /// As `Copies`, but replaces the name.
    Links,
    /// Deletes all but the last, writes the last.
    Moves,
    /// Reads the first, writes the second.
    InThenOut,
    /// Code of its own decides.
    Sed,
    Awk,
    Find,
    Dd,
    Tar,
    /// `sh -c`, whose script was followed.
    Shell,
}

use Operands::*;

/// Names, what becomes of the operands, and the options that matter.
const PROGRAMS: &[(&str, Operands, &str)] = &[
    // The shell's own, and programs that only print.
    (
        "echo printf true false : exit return break continue sleep usleep seq pwd whoami id groups users uname",
        Texts,
        "v:",
    ),
    (
        "arch nproc uptime who w tty logname hostid locale getconf printenv factor expr numfmt yes cal tput clear",
        Texts,
        "",
    ),
    (
        "which whereis type hash jobs wait times umask ulimit let shift set unset export declare typeset local",
        Texts,
        "p!",
    ),
    (
        "readonly read getopts cd pushd popd dirs eval trap suspend disown bg fg kill pgrep pkill killall ps top",
        Texts,
        "",
    ),
    (
        "free vmstat iostat lscpu lsblk lsusb lspci basename dirname tr command builtin env xargs test [ time nice",
        Texts,
        "v:",
    ),
    ("getent ss netstat pstree lsof last locate sw_vers exec", Texts, ""),
    ("bc shellcheck", Reads, "s: f: e: S: o: P: W:"),
    ("man apropos whatis info", Texts, "P! pager! *"),
    ("date", Texts, "d: f< r< s! date: file< reference< set!"),
    ("hostname", Texts, "*"),
    ("mapfile readarray", Texts, "C! c: d: n: O: s: u:"),
    ("base64 base32 basenc", Reads, "w: wrap:"),
    // Readers of contents.
    (
        "cat tac nl rev wc cut paste comm cmp fold fmt pr expand unexpand column od hexdump strings md5sum sha1sum",
        Reads,
        "d: f: c: b: w: s: n: t: l: o: h: A: j: N: e: delimiter: fields: width: bytes: characters: separator: table-columns: files0-from<",
    ),
    (
        "sha224sum sha256sum sha384sum sha512sum b2sum cksum sum zcat gzcat bzcat xzcat zstdcat lz4cat more nm size",
        Reads,
        "",
    ),
    ("head tail", Reads, "n: c: s: lines: bytes: pid: sleep-interval: max-unchanged-stats:"),
    (
        "diff diff3 colordiff",
        Reads,
        "U: C: W: x: X< I: L: F: S: context: unified: width: exclude: exclude-from< label: from-file< to-file< ignore-matching-lines: show-function-line: starting-file: ifdef: D: line-format: diff-program! horizon-lines: color: palette:",
    ),
    ("sdiff", Reads, "o> output> w: diff-program!"),
    ("join", Reads, "1: 2: a: v: e: o: t: j:"),
    (
        "sort",
        Reads,
        "k: t: S: T! o> output> key: field-separator: buffer-size: temporary-directory! compress-program! files0-from< random-source< parallel: batch-size: sort:",
    ),
    ("shuf", Reads, "n: i: o> output> e: head-count: input-range: random-source<"),
    ("uniq", InThenOut, "f: s: w: skip-fields: skip-chars: check-chars: group: all-repeated:"),
    ("xxd", InThenOut, "c: g: l: o: s: n: len: cols: seek: offset: groupsize: name:"),
    ("iconv", Reads, "f: t: o> output> from-code: to-code:"),
    ("less", Reads, "o> O> k! K! t: T: P: x: j: log-file> LOG-FILE> lesskey-file! *"),
    ("objdump readelf", Reads, "j: section: M: start-address: stop-address:"),
    ("tsort look", Reads, ""),
    ("bat batcat", Reads, "l: r: pager! P! H: language: line-range: theme: style: color: *"),
    (
        "grep egrep fgrep zgrep bzgrep xzgrep",
        PatternThenReads,
        "e: f< m: A: B: C: d: D: include: exclude: exclude-dir: exclude-from< regexp: file< max-count: context: after-context: before-context: color: colour: label: directories: devices: binary-files:",
    ),
    (
        "rg",
        PatternThenReads,
        "e: f< g: t: T: m: A: B: C: j: r: E: M: d: glob: type: type-not: max-count: context: after-context: before-context: iglob: regexp: file< pre! pre-glob: hostname-bin! ignore-file< max-depth: max-filesize: sort: sortr: replace: color: colors: threads: type-add: encoding: engine: search-zip!",
    ),
    ("ag pt", PatternThenReads, "A: B: C: m: G: pager! ignore: ignore-dir: depth: path-to-ignore<"),
    ("ack", PatternThenReads, "A: B: C: m: G: pager! ignore: ignore-dir: depth: ackrc! *"),
    (
        "jq gojq",
        PatternThenReads,
        "L< f< arg: argjson: slurpfile: rawfile: args: jsonargs: indent: tab: from-file<",
    ),
    (
        "yq",
        PatternThenReads,
        "i! inplace! in-place! s! split-exp! I: indent: o: p: output-format: input-format:",
    ),
    ("source .", Reads, "*"),
    // Names and metadata.
    (
        "ls dir vdir exa eza lsd",
        Lists,
        "I: w: T: ignore: hide: width: block-size: time-style: color: sort: time: format: tabsize: indicator-style:",
    ),
    (
        "stat du df readlink realpath namei pathchk findmnt mountpoint",
        Lists,
        "c: f: t: d: X< B: x: format: printf: block-size: max-depth: exclude: exclude-from< type: exclude-type: \
         threshold: relative-to: relative-base: files0-from< output: time: time-style:",
    ),
    ("file", Lists, "C! compile! m! magic-file! f< F: e: P: files-from< separator: exclude: parameter: S!"),
    ("tree", Lists, "o> I: P: L: H: T: R! filelimit: charset: sort: timefmt: infofile: gitfile: o!"),
    (
        "fd fdfind",
        Lists,
        "E: e: t: d: x: X: S: o: c: g: j: exec: exec-batch: extension: type: max-depth: exclude: changed-within: changed-before: size: owner: base-directory: color: threads: search-path: ignore-file<",
    ),
    ("find", Find, ""),
    // Writers.
    ("tee", Writes, "output-error:"),
    ("touch", Writes, "d: t: r< date: reference< time:"),
    ("truncate", Writes, "s: r< size: reference<"),
    ("mkdir", Makes, "m: mode: Z: context:"),
    ("mkfifo mknod", Makes, "m: mode: *"),
    ("chmod", ModeThenWrites, "reference!"),
    ("chown chgrp", ModeThenWrites, "reference! from:"),
    ("setfacl chattr setfattr chcon", ModeThenWrites, "*"),
    ("rm", Deletes, "interactive: preserve-root:"),
    ("rmdir unlink", Deletes, "p! parents!"),
    ("shred", Deletes, "n: s: iterations: size: random-source< *"),
    (
        "cp",
        Copies,
        "S! b! backup! suffix! s! l! parents! r! R! a! d! P! recursive! archive! no-dereference! preserve: no-preserve: sparse: reflink: t: target-directory: remove-destination! f! force! symbolic-link! link!",
    ),
    ("ditto scp", Copies, "*"),
    (
        "install",
        Links,
        "b! S! backup! suffix! m: o: g: mode: owner: group: t: target-directory: D! d! directory! C! strip-program! s! *",
    ),
    ("rsync", Copies, "e: f: rsh: exclude: include: exclude-from< files-from< include-from< T: temp-dir: *"),
    ("ln", Links, "b! S! backup! suffix! t: target-directory:"),
    ("mv", Moves, "b! S! backup! suffix! t: target-directory: exchange!"),
    ("dd", Dd, ""),
    ("sed gsed", Sed, ""),
    ("awk gawk mawk nawk", Awk, ""),
    ("tar bsdtar gtar", Tar, ""),
    ("vi vim nvim nano pico ed ex emacs", Writes, "*"),
    ("patch", Writes, "p: i< d: o> r> D: F: B: z: V: input< output> directory: strip: *"),
    ("split", Reads, "a: b: C: l: n: t: f: additional-suffix: filter! *"),
    ("gzip gunzip bzip2 bunzip2 xz unxz lzma zstd unzstd compress uncompress lz4", Writes, "S: o> *"),
    ("zip", Writes, "x: i: P: b: *"),
    ("unzip 7z 7za unrar", Reads, "d> P: o> *"),
    ("mktemp csplit", Texts, "*"),
    ("objcopy strip ar ranlib", Writes, "*"),
    ("dos2unix unix2dos", Writes, "*"),
    (
        "prettier gofmt rustfmt black isort autopep8 yapf clang-format shfmt",
        Writes,
        "config: edition: style: line-length: l: *",
    ),
    (
        "curl",
        Texts,
        "o> output> D> dump-header> c> cookie-jar> trace> trace-ascii> stderr> etag-save> T< upload-file< K< config< E< cert< key< cacert< b: d: F: H: X: u: A: e: x: m: w: r: *",
    ),
    (
        "wget",
        Texts,
        "O> output-document> o> output-file> a> append-output> P> directory-prefix> i< input-file< load-cookies< save-cookies> post-file< body-file< *",
    ),
    ("make gmake ninja", Texts, "C> directory> f< file< makefile< *"),
    ("bash", Shell, ""),
];

/// What is known of a program; `None` when nothing is.
pub(super) fn program(name: &str) -> Option<(Operands, &'static str)> {
    static BY_NAME: OnceLock<HashMap<&'static str, (Operands, &'static str)>> = OnceLock::new();
    let names = BY_NAME.get_or_init(|| {
        let rows = PROGRAMS.iter();
        rows.flat_map(|(names, does, spec)| names.split(' ').map(|name| (name, (*does, *spec)))).collect()
    });
    names.get(name).copied()
}

/// Whether all that a program does to files stands in its words.
pub(in crate::kernel) fn is_known_program(name: &str) -> bool {
    program(name).is_some_and(|(_, spec)| !spec.split(' ').any(|token| token == "*"))
}

/// What an option does with its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opt {
    /// Takes none, or only one attached to it.
    Flag,
    Value,
    Reads,
    Writes,
    /// It does more than is known.
    More,
}

/// The option called `name` (without dashes). A long one may be cut short, as GNU programs allow.
pub(super) fn option(spec: &str, name: &str) -> Opt {
    let mut found = Opt::Flag;
    let long = name.chars().nth(1).is_some();
    for token in spec.split(' ') {
        let Some(sign) = token.chars().last().filter(|sign| ":<>!".contains(*sign)) else { continue };
        let known = &token[..token.len() - 1];
        let fits = if long { known.len() > 1 && known.starts_with(name) } else { known == name };
        if !fits {
            continue;
        }
        let opt = match sign {
            ':' => Opt::Value,
            '<' => Opt::Reads,
            '>' => Opt::Writes,
            _ => Opt::More,
        };
        if known == name || opt == Opt::More || found == Opt::Flag {
            found = opt;
        }
        if known == name {
            break;
        }
    }
    found
}

/// Whether some option makes the program write or do more than is known: then a word that is only
/// known when it runs may be that option.
pub(super) fn has_edges(spec: &str) -> bool {
    spec.contains(['!', '>', '*'])
}

/// Programs that run a program given on their command line or standard input.
pub(in crate::kernel) fn is_interpreter(program: &str) -> bool {
    let stem = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    matches!(
        stem,
        "sh" | "bash"
            | "zsh"
            | "dash"
            | "ksh"
            | "mksh"
            | "ash"
            | "fish"
            | "python"
            | "pypy"
            | "perl"
            | "ruby"
            | "node"
            | "nodejs"
            | "php"
            | "lua"
            | "deno"
            | "bun"
            | "pwsh"
            | "tclsh"
            | "Rscript"
            | "osascript"
    )
}

/// Variables that change what a known program does: what it loads, runs or starts.
pub(super) fn steers(variable: &str) -> bool {
    const PREFIXES: &[&str] = &[
        "LD_", "DYLD_", "GIT_", "BASH_", "PYTHON", "PERL5", "RUBY", "NODE_", "LESS", "GCONV", "MALLOC_",
        "_RLD",
    ];
    const NAMES: &[&str] = &[
        "PATH",
        "ENV",
        "IFS",
        "SHELLOPTS",
        "BASHOPTS",
        "PAGER",
        "EDITOR",
        "VISUAL",
        "TAR_OPTIONS",
        "GREP_OPTIONS",
        "RIPGREP_CONFIG_PATH",
        "TMPDIR",
        "POSIXLY_CORRECT",
        "GZIP",
        "CDPATH",
        "GLOBIGNORE",
        "EXECIGNORE",
        "HOME",
        "PROMPT_COMMAND",
        "PS4",
        "FUNCNEST",
        "LOCPATH",
        "NLSPATH",
        "AWKPATH",
        "AWKLIBPATH",
        "MANPAGER",
        "BROWSER",
        "JQ_COLORS",
        "EXA_COLORS",
        "OUTPUT_CHARSET",
        "VERSION_CONTROL",
        "SIMPLE_BACKUP_SUFFIX",
    ];
    NAMES.contains(&variable) || PREFIXES.iter().any(|prefix| variable.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_once() {
        let mut seen = std::collections::BTreeSet::new();
        for (names, _, spec) in PROGRAMS {
            for name in names.split(' ') {
                assert!(seen.insert(name), "{name} twice");
            }
            for token in spec.split(' ').filter(|token| !token.is_empty() && *token != "*") {
                assert!(token.len() > 1 && token.ends_with([':', '<', '>', '!']), "{names}: {token}");
            }
        }
        assert!(seen.len() > 200, "{}", seen.len());
        assert_eq!(program("rm").map(|p| p.0), Some(Deletes));
        assert_eq!(program("rmx"), None);
    }

    #[test]
    fn options_are_found_by_letter_by_name_and_cut_short() {
        let (_, sort) = program("sort").unwrap();
        assert_eq!(option(sort, "o"), Opt::Writes);
        assert_eq!(option(sort, "output"), Opt::Writes);
        assert_eq!(option(sort, "outp"), Opt::Writes);
        assert_eq!(option(sort, "k"), Opt::Value);
        assert_eq!(option(sort, "r"), Opt::Flag);
        assert_eq!(option(sort, "compress"), Opt::More);
        assert_eq!(option(sort, "reverse"), Opt::Flag);
        let (_, cat) = program("cat").unwrap();
        assert!(has_edges(sort) && !has_edges(cat));
    }
}
