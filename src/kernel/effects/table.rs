//! The table of known programs: names, what becomes of the operands, and the options that matter, each
//! program's own. Data, from the manuals of GNU coreutils, diffutils, findutils, binutils and util-linux;
//! where a BSD program of the name takes a value that GNU's does not, both readings count (`?`).
//! `options.txt` lists what the programs say of themselves, and a test holds the two together.

use super::programs::Operands::{self, *};

const COMPARE: &str = "U: C: W: x: X< I: L: F: S: D: context. unified. color. width: exclude: exclude-from< label: \
     from-file< to-file< ignore-matching-lines: show-function-line: starting-file: ifdef: tabsize: palette: \
     line-format: old-line-format: new-line-format: unchanged-line-format: old-group-format: new-group-format: \
     unchanged-group-format: changed-group-format: horizon-lines:";
const LISTING: &str = "I: w: T? D? ignore: hide: width: block-size: time-style: color. hyperlink. classify. sort: \
     time: format: tabsize: indicator-style: quoting-style:";
const SEARCH: &str = "e: f< m: A: B: C: d: D: include: exclude: exclude-dir: exclude-from< regexp: file< max-count: \
     context: after-context: before-context: color. colour. label: directories: devices: binary. binary-files: \
     group-separator:";
const PACKED: &str = "S: o> D< T: F: C: M: b? B? threads: suffix: format: check: memlimit: memory: \
     files=< files0=< filelist< output-dir-flat> output-dir-mirror> trace> patch-from< *";

/// Names, what becomes of the operands, and the options that matter.
pub(super) const PROGRAMS: &[(&str, Operands, &str)] = &[
    // The shell's own, and programs that only print.
    (
        "echo printf true false : exit return break continue sleep usleep seq pwd whoami id groups users",
        Texts,
        "",
    ),
    (
        "uname arch nproc uptime w tty logname hostid locale getconf printenv factor expr numfmt yes cal",
        Texts,
        "",
    ),
    ("tput clear which whereis jobs wait times umask ulimit let shift set unset export", Texts, ""),
    (
        "type hash declare typeset local readonly read getopts cd pushd popd dirs eval trap suspend disown bg",
        Texts,
        "p!",
    ),
    (
        "fg kill pgrep pkill killall ps top free vmstat iostat lsblk lsusb lspci basename dirname tr",
        Texts,
        "",
    ),
    (
        "command builtin env test [ time nice getent ss netstat pstree lsof locate sw_vers exec lscpu",
        Texts,
        "",
    ),
    ("xargs", Texts, "a< arg-file<"),
    ("who", Reads, ""),
    ("last", Texts, "f< file<"),
    ("bc", Reads, ""),
    (
        "shellcheck",
        Reads,
        "s: f: e: i: S: o: P: W: C. color. shell: format: exclude: include: severity: enable: source-path: \
         wiki-link-count: rcfile<",
    ),
    ("man apropos whatis info", Texts, "P! pager! *"),
    ("date", Texts, "d: v? f< r< s! date: file< reference< set! iso-8601. rfc-3339:"),
    ("hostname", Texts, "F< file< *"),
    ("mapfile readarray", Texts, "C! c: d: n: O: s: u:"),
    ("base64 base32 basenc", Reads, "w: b? o> wrap: break: input< output>"),
    // Readers of contents.
    ("cat rev tsort comm", Reads, "output-delimiter:"),
    ("tac", Reads, "s: separator:"),
    ("expand unexpand", Reads, "t: tabs:"),
    ("paste", Reads, "d: delimiters:"),
    ("fold", Reads, "w: width:"),
    ("fmt", Reads, "p: w: g: d? l? t? prefix: width: goal:"),
    (
        "nl",
        Reads,
        "b: d: f: h: i: l: n: s: v: w: body-numbering: section-delimiter: footer-numbering: header-numbering: \
         line-increment: join-blank-lines: number-format: number-separator: starting-line-number: number-width:",
    ),
    (
        "pr",
        Reads,
        "D: h: l: N: o: w: W: L? columns: date-format: header: length: first-line-number: indent: width: \
         page-width: expand-tabs. output-tabs. number-lines. separator. sep-string.",
    ),
    ("wc", Reads, "files0-from< total:"),
    ("cut", Reads, "b: c: d: f: O? bytes: characters: delimiter: fields: output-delimiter:"),
    ("cmp", Reads, "i: n: ignore-initial: bytes:"),
    (
        "column",
        Reads,
        "n? O: N: l: E: H: R: T: W: r: i: p: c: o: s: table. table-name: table-order: table-columns: \
         table-columns-limit: table-noextreme: table-hide: table-right: table-truncate: table-wrap: tree: \
         tree-id: tree-parent: output-width: output-separator: separator:",
    ),
    ("od", Reads, "A: j: N: S: t: address-radix: endian: skip-bytes: read-bytes: strings. format: width."),
    ("hexdump hd", Reads, "e: f< n: s: color. format: format-file< length: skip:"),
    ("strings", Reads, "n: t: T: e: s: U: bytes: radix: target: encoding: output-separator: unicode:"),
    ("md5sum sha1sum sha224sum sha256sum sha384sum sha512sum sum", Reads, ""),
    ("b2sum", Reads, "l: length:"),
    ("cksum", Reads, "a: l: o? algorithm: length:"),
    ("zcat gzcat bzcat", Reads, "S: suffix:"),
    (
        "xzcat",
        Reads,
        "S: T: F: C: M: threads: suffix: format: check: memlimit: memlimit-decompress: files=< files0=<",
    ),
    (
        "zstdcat lz4cat",
        Reads,
        "o> D< M: T: output-dir-flat> output-dir-mirror> trace> patch-from< filelist< rm! *",
    ),
    ("more", Reads, "n: lines:"),
    ("nm", Reads, "f: t: X: s? format: radix: plugin! target: ifunc-chars: unicode:"),
    ("size", Reads, "format: radix: target:"),
    ("head", Reads, "n: c: lines: bytes:"),
    ("tail", Reads, "n: c: s: b? lines: bytes: pid: sleep-interval: max-unchanged-stats: follow."),
    ("diff", Reads, COMPARE),
    ("colordiff", Reads, COMPARE),
    ("diff3", Reads, "L: label: diff-program!"),
    ("sdiff", Reads, "o> I: w: F? output> ignore-matching-lines: width: tabsize: diff-program!"),
    ("join", Reads, "1: 2: a: v: e: o: t: j:"),
    (
        "sort",
        Reads,
        "k: t: S: T! o> output> key: field-separator: buffer-size: temporary-directory! compress-program! \
         files0-from< random-source< parallel: batch-size: sort: check.",
    ),
    ("shuf", Reads, "n: i: o> output> echo. head-count: input-range: random-source<"),
    ("uniq", InThenOut, "f: s: w: skip-fields: skip-chars: check-chars: group. all-repeated."),
    ("xxd", InThenOut, "- c: cols: g: groupsize: l: len: o: offset: s: seek: skip: n: name: R:"),
    ("iconv", Reads, "f: t: o> output> from-code: to-code: byte-subst: widechar-subst: unicode-subst:"),
    (
        "less",
        Reads,
        "b: h: j: k! K! o> O> p: P: t: T< x: y: z: D: log-file> LOG-FILE> lesskey-file! tag-file< *",
    ),
    (
        "objdump",
        Reads,
        "P: b: m: j: M: E: I: private: target: architecture: section: disassembler-options: endian: include: \
         start-address: stop-address: insn-width: adjust-vma: prefix: prefix-strip: dwarf. dwarf-depth: \
         dwarf-start: ctf-parent: disassembler-color: disassemble. demangle. inlines. prefix-addresses.",
    ),
    (
        "readelf",
        Reads,
        "x: p: R: U? hex-dump: string-dump: relocated-dump: dwarf-depth: dwarf-start: ctf: ctf-parent: \
         ctf-symbols: ctf-strings: sym-base: unicode: debug-dump. sframe.",
    ),
    ("look", PatternThenReads, "t: terminate:"),
    (
        "bat batcat",
        Reads,
        "l: r: m: H: pager! language: line-range: map-syntax: highlight-line: theme: style: color: paging: tabs: \
         wrap: terminal-width: decorations: italic-text: file-name: diff-context: *",
    ),
    ("grep egrep fgrep zgrep bzgrep xzgrep", PatternThenReads, SEARCH),
    (
        "rg",
        PatternThenReads,
        "e: f< g: t: T: m: A: B: C: j: r: E: M: d: z! glob: type: type-not: max-count: context: after-context: \
         before-context: iglob: regexp: file< files. pre! pre-glob: hostname-bin! ignore-file< max-columns: \
         max-depth: maxdepth: max-filesize: sort: sortr: replace: color: colors: threads: type-add: type-clear: \
         encoding: engine: search-zip! context-separator: field-context-separator: field-match-separator: \
         path-separator: dfa-size-limit: regex-size-limit: hyperlink-format: generate:",
    ),
    (
        "ag pt",
        PatternThenReads,
        "A: B: C: m: G: g: p< W: after. before. context. color. max-count: file-search-regex: pager! ignore: \
         ignore-dir: depth: path-to-ignore< width: workers: color-line-number: color-match: color-path:",
    ),
    (
        "ack",
        PatternThenReads,
        "A: B: C: m: g: G: pager! ignore: ignore-dir: depth: ackrc! type: files-from< x! *",
    ),
    (
        "jq gojq",
        PatternThenReads,
        "L< f< arg:: argjson:: slurp. slurpfile:< rawfile:< argfile:< indent: from-file< args. jsonargs.",
    ),
    (
        "yq",
        PatternThenReads,
        "i! inplace! in-place! s! split-exp! split-exp-file! I: indent: o: p: output-format: input-format: \
         expression: from-file< arg:: argjson:: slurp. slurpfile:< rawfile:< f? front-matter: width:",
    ),
    ("source .", Reads, "*"),
    // Names and metadata.
    ("ls dir vdir", Lists, LISTING),
    ("exa eza", Lists, "I: L: s: t: w: ignore-glob: level: sort: time: time-style: width: color: colour:"),
    (
        "lsd",
        Lists,
        "I: ignore-glob: depth: color: icon: icon-theme: date: size: permission: sort: group-dirs: blocks:",
    ),
    ("stat", Lists, "c: f? t? format: printf: cached:"),
    (
        "du",
        Lists,
        "B: d: t: X< I? max-depth: block-size: threshold: exclude: exclude-from< files0-from< time. time-style:",
    ),
    ("df", Lists, "B: t: x: type: exclude-type: block-size: output."),
    ("readlink namei pathchk mountpoint", Lists, ""),
    ("realpath", Lists, "relative-to: relative-base:"),
    (
        "findmnt",
        Lists,
        "w: d: F< N: O: o: S: T: M: t: timeout: direction: tab-file< task: options: output: output-all. source: \
         target: mountpoint: types: poll.",
    ),
    (
        "file",
        Lists,
        "C! compile! m! magic-file! p! preserve-date! f< F: e: P: files-from< separator: exclude: exclude-quiet: \
         parameter: S!",
    ),
    (
        "tree",
        Lists,
        "o> I: P: L: H: T: R! filelimit: charset: sort: timefmt: infofile< gitfile< output> filesfrom<",
    ),
    (
        "fd fdfind",
        Lists,
        "E: e: t: d: x: X: S: o: c: j: C: exec: exec-batch: extension: type: max-depth: min-depth: exact-depth: \
         exclude: changed-within: changed-before: newer: older: size: owner: base-directory: color: threads: \
         search-path: ignore-file< format: batch-size: max-results: path-separator: and:",
    ),
    ("find", Find, ""),
    // Writers.
    ("tee", Writes, "output-error."),
    ("touch", Writes, "d: t: r< A? date: reference< time:"),
    ("truncate", Writes, "s: r< size: reference<"),
    ("mkdir", Makes, "m: mode: context."),
    ("mkfifo mknod", Makes, "m: mode: context. *"),
    ("chmod", ModeThenWrites, "reference!"),
    ("chown chgrp", ModeThenWrites, "reference! from:"),
    ("setfacl chattr setfattr chcon", ModeThenWrites, "*"),
    ("rm", Deletes, "interactive. preserve-root."),
    ("rmdir unlink", Deletes, "p! parents!"),
    ("shred", Deletes, "n: s: iterations: size: random-source< remove. *"),
    (
        "cp",
        Copies,
        "S! b! backup! suffix! s! l! parents! r! R! a! d! P! recursive! archive! no-dereference! preserve. \
         no-preserve: sparse: reflink. update. context. t: target-directory: remove-destination! f! force! \
         symbolic-link! link!",
    ),
    ("ditto", Copies, "*"),
    ("scp", Copies, "c: D: F< i< J: l: o: P: S! X: *"),
    (
        "install",
        Links,
        "b! S! B! backup! suffix! m: o: g: f? mode: owner: group: t: target-directory: D! d! directory! C! \
         context. strip-program! s! *",
    ),
    (
        "rsync",
        Copies,
        "e: f: M: B: T: @: rsh: rsync-path: filter: exclude: include: exclude-from< files-from< include-from< \
         temp-dir: partial-dir: backup-dir: suffix: compare-dest: copy-dest: link-dest: chmod: chown: max-size: \
         min-size: block-size: timeout: contimeout: compress-level: port: out-format: log-file> log-file-format: \
         password-file< bwlimit: write-batch> only-write-batch> read-batch< *",
    ),
    ("ln", Links, "b! S! backup! suffix! t: target-directory:"),
    ("mv", Moves, "b! S! backup! suffix! update. t: target-directory: exchange!"),
    ("dd", Dd, ""),
    ("sed gsed", Sed, ""),
    ("awk gawk mawk nawk", Awk, ""),
    ("tar bsdtar gtar", Tar, ""),
    ("vi vim nvim nano pico ed ex emacs", Writes, "*"),
    (
        "patch",
        Writes,
        "p: i< d: o> r> D: F: B: Y: z: V: g: strip: fuzz: input< output> reject-file> directory: ifdef: prefix: \
         basename-prefix: suffix: version-control: get: quoting-style: reject-format: read-only: *",
    ),
    (
        "split",
        Reads,
        "a: b: C: l: n: t: p? suffix-length: bytes: line-bytes: lines: number: separator: additional-suffix: \
         numeric-suffixes. hex-suffixes. filter! *",
    ),
    ("csplit", FirstRead, "b: f: n: suffix-format: prefix: digits: *"),
    ("gzip gunzip bzip2 bunzip2 xz unxz lzma zstd unzstd compress uncompress lz4", Writes, PACKED),
    ("zip", Packs, "x: i: P: b: n: t: s: O> *"),
    ("unzip 7z 7za unrar", Reads, "d> P: o> *"),
    ("mktemp", Texts, "*"),
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
