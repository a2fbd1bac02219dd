//! Shell lines out of a grammar, for a bash that really runs them.
//!
//! Nothing here can reach outside the folder it runs in: names are relative or begin with a variable
//! that is always set, no variable is followed by a slash unless it is set, no name climbs with `..`,
//! nothing calls itself, and every loop is over something finite.

/// A small generator of numbers (xorshift64*), so that a seed means the same line everywhere.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        let mut dice = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        dice.next();
        dice.next();
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub fn below(&mut self, most: usize) -> usize {
        ((self.next() >> 33) as usize) % most.max(1)
    }

    pub fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

const FILES: &[&str] = &[
    "a.txt", "b.txt", "list", "num", "x.o", "d/x", "d/y.txt", "d/deep/z", "e/w", "linkf", "linkd/x", "hard1",
    "hard2", "d/up", "dangling", "home/h", "run.sh",
];
const NEW: &[&str] = &["new1", "new2", "d/new", "linkd/new", "e/new", "empty/n", "n.txt", "missing/n"];
const FOLDERS: &[&str] = &["d", "e", "empty", "linkd", "d/deep", "missing", "home"];
const GLOBS: &[&str] = &["*.o", "?.txt", "d/*", "[ab].txt", "*.nothing", "l*f", "h*1"];

fn name(dice: &mut Dice) -> &'static str {
    if dice.chance(60) { dice.one(FILES) } else { dice.one(NEW) }
}

/// A name as a shell may spell it.
fn word(dice: &mut Dice) -> String {
    let plain = name(dice);
    match dice.below(26) {
        0..=9 => plain.to_owned(),
        10 => format!("'{plain}'"),
        11 => format!("\"{plain}\""),
        12 => format!("\\{plain}"),
        13 => format!("$'{plain}'"),
        14 => dice.one(GLOBS).to_owned(),
        15 => format!("{{{plain},{}}}", name(dice)),
        16 => "$V".to_owned(),
        17 => "\"$V\"".to_owned(),
        18 => format!("$(echo {plain})"),
        19 => format!("`echo {plain}`"),
        20 => format!("~/{}", dice.one(&["h", "new"])),
        21 => format!("\"$HOME\"/{}", dice.one(&["h", "new"])),
        22 => format!("$PWD/{plain}"),
        23 => format!("\"$TMPDIR/{}\"", dice.one(&["t1", "t2"])),
        24 => "${V%.txt}.bak".to_owned(),
        _ => format!("./{plain}"),
    }
}

fn files(dice: &mut Dice) -> String {
    let count = 1 + dice.below(2);
    (0..count).map(|_| word(dice)).collect::<Vec<_>>().join(" ")
}

fn folder(dice: &mut Dice) -> String {
    let plain = dice.one(FOLDERS);
    match dice.below(6) {
        0 => format!("\"{plain}\""),
        1 => format!("./{plain}/"),
        2 => format!("$PWD/{plain}"),
        _ => plain.to_owned(),
    }
}

/// A command that only looks.
fn reader(dice: &mut Dice) -> String {
    let f = files(dice);
    match dice.below(38) {
        0 => format!("cat {f}"),
        1 => format!("grep -n a {f}"),
        2 => format!("head -n 1 {f}"),
        3 => format!("wc -l {f}"),
        4 => format!("sort -k 1 -r {f}"),
        5 => format!("ls -la {f}"),
        6 => format!("stat -c %s {f}"),
        7 => "find . -name '*.txt' -print".to_owned(),
        8 => format!("sed -n '1,2p' {f}"),
        9 => format!("sed 's/a/b/g;/x/d' {f}"),
        10 => format!("awk '{{ n += NF }} END {{ print n }}' {f}"),
        11 => format!("diff {} {}", word(dice), word(dice)),
        12 => format!("cut -d ' ' -f 1 {f}"),
        13 => "echo one two $V".to_owned(),
        14 => format!("printf '%s\\n' {f}"),
        15 => format!("test -f {}", word(dice)),
        16 => format!("[ -d {} ]", folder(dice)),
        17 => format!("[[ -e {} && a == a* ]]", name(dice)),
        18 => format!("du -s {}", folder(dice)),
        19 => format!("md5sum {f}"),
        20 => format!("uniq {}", word(dice)),
        21 => format!("tr a-z A-Z < {}", name(dice)),
        22 => format!("basename {}", name(dice)),
        23 => format!("realpath {f}"),
        24 => format!("comm {} {}", name(dice), name(dice)),
        25 => "seq 3".to_owned(),
        26 => format!("xargs grep -c a < {}", name(dice)),
        27 => "find d -type f -exec wc -c {} +".to_owned(),
        28 => format!("tail -c 3 {f}"),
        29 => format!("od -c {f}"),
        30 => format!("tar tf {}", name(dice)),
        31 => format!("sort --reverse {f} -u {}", dice.one(&["", "-t,", "--key=2", "-o", "-k2"])),
        32 => "true".to_owned(),
        33 => format!(
            "{} {f}",
            dice.one(&["cat -n", "nl -ba", "od -An -c", "head -qn1", "xxd -ps", "strings -a"])
        ),
        34 => format!("find . -name '{}' | xargs cat", dice.one(&["*.txt", "x*", "*"])),
        35 => format!("printf '%s\\n' {} {} | xargs -n1 wc -c", name(dice), name(dice)),
        36 => format!("shuf -en1 {f}"),
        _ => format!("nl {f} 2>&1"),
    }
}

/// A command that changes something, or may.
fn writer(dice: &mut Dice) -> String {
    let (f, g) = (word(dice), word(dice));
    match dice.below(79) {
        0 => format!("rm -f {f}"),
        1 => format!("rm -rf {f}"),
        2 => format!("touch {f}"),
        3 => format!("mkdir -p {f}"),
        4 => format!("mkdir {f}"),
        5 => format!("cp {f} {g}"),
        6 => format!("cp {f} {}", folder(dice)),
        7 => format!("cp -r {} {g}", folder(dice)),
        8 => format!("mv {f} {g}"),
        9 => format!("mv {f} {}", folder(dice)),
        10 => format!("ln -s {f} {g}"),
        11 => format!("ln -sf {f} {}", folder(dice)),
        12 => format!("ln -f {f} {g}"),
        13 => format!("tee {f} < {}", name(dice)),
        14 => format!("tee -a {f} > /dev/null"),
        15 => format!("truncate -s 0 {f}"),
        16 => format!("sed -i s/a/A/ {f}"),
        17 => format!("sed -n 'w {}' {f}", name(dice)),
        18 => format!("sed -i.bak s/a/A/ {f}"),
        19 => format!("sort -o {f} {g}"),
        20 => format!("sort {g} --output={f}"),
        21 => format!("sort -ro{} {g}", name(dice)),
        22 => format!("uniq {f} {g}"),
        23 => format!("dd if={f} of={} status=none", name(dice)),
        24 => format!("dd of={} < {} 2>/dev/null", name(dice), name(dice)),
        25 => format!("chmod -x {f}"),
        26 => format!("chmod 600 {f}"),
        27 => format!("chmod -R u+x {}", folder(dice)),
        28 => format!("rmdir {}", folder(dice)),
        29 => format!("unlink {f}"),
        30 => format!("install -m 644 {f} {g}"),
        31 => format!("awk '{{ print > \"{}\" }}' {f}", name(dice)),
        32 => format!("awk 'BEGIN {{ system(\"touch {}\") }}'", name(dice)),
        33 => format!("find {} -name 'x*' -delete", folder(dice)),
        34 => "find . -maxdepth 1 -name '*.o' -exec rm {} +".to_owned(),
        35 => format!("find d -fprint {}", name(dice)),
        36 => format!("xargs -I% touch %.{} < list", dice.one(&["q", "r"])),
        37 => format!("xargs rm -f < {}", name(dice)),
        38 => format!("tar cf {} {f}", dice.one(&["t.tar", "d/t.tar"])),
        39 => format!("tar czf t.tgz -C {} .", folder(dice)),
        40 => format!("split -b 2 {f} part"),
        41 => "./run.sh".to_owned(),
        42 => "bash run.sh".to_owned(),
        43 => format!("python3 -c 'open(\"{}\", \"w\").write(\"p\")'", name(dice)),
        44 => format!("perl -i -pe s/a/b/ {f}"),
        45 => format!("gzip -kf {f}"),
        46 => format!("cp -t {} {f}", folder(dice)),
        47 => format!("mv -t {} {f}", folder(dice)),
        48 => format!("printf x | dd of={} conv=notrunc status=none", name(dice)),
        49 => format!("cp --no-target-directory {f} {g}"),
        50 => format!("rm -- {f}"),
        51 => "T=$(mktemp); echo x > \"$T\"".to_owned(),
        52 => "mktemp -d".to_owned(),
        53 => format!("rsync -a {f} {}", folder(dice)),
        54 => format!("shred -n 1 {f}"),
        55 => format!("cp {}", dice.one(GLOBS)),
        56 => format!("git init -q {}", folder(dice)),
        57 => format!("touch {f}; rm -f {f}"),
        58 => format!("csplit -f part {f} 2"),
        59 => format!("sed -e s/a/b/ -e 'w {}' {f}", name(dice)),
        60 => format!("echo x | sed -n 's/x/y/w {}'", name(dice)),
        61 => format!("install -D {f} {}/x/y", folder(dice)),
        62 => format!("echo {f} | xargs touch"),
        63 => format!("echo 'touch {}' | bash", name(dice)),
        64 => format!("cat {f} | tee {g} | wc -c"),
        65 => "ls *.o | while read -r f; do mv $f ${f%.o}.obj; done".to_owned(),
        66 => "for f in *.txt; do cp \"$f\" \"${f%.txt}.bak\"; done".to_owned(),
        67 => format!("ln {f}"),
        68 => format!("env -C {} touch {}", folder(dice), dice.one(NEW)),
        69 => format!("awk '{{ print $1 | \"tee {}\" }}' {f}", name(dice)),
        70 => format!("tar xf t.tar -C {} 2>/dev/null || tar cf t.tar a.txt", folder(dice)),
        71 => format!("shuf -{} {} a b", dice.one(&["eo", "ero", "o"]), name(dice)),
        72 => format!(
            "printf '%s\\n' {} {} | xargs {} rm -f",
            name(dice),
            name(dice),
            dice.one(&["", "-n1", "-r", "-n 2"])
        ),
        73 => format!(
            "printf '%s\\n' {} {} | xargs -I@ cp a.txt @.{}",
            name(dice),
            name(dice),
            dice.one(&["q", "r"])
        ),
        74 => format!("{{ echo {}; echo {}; }} | xargs rm -f", name(dice), name(dice)),
        75 => format!("f() {{ touch \"$2.n\"; }}; f {f} {}", name(dice)),
        76 => format!("set -- {f} {}; shift; touch \"$1.n\"", name(dice)),
        77 => format!(
            "git {}",
            dice.one(&["tag -m -l t1", "branch -v b1", "clean -fdq -e -n", "clean -fdqe n", "diagnose -o ."])
        ),
        _ => format!("link {f} {g}"),
    }
}

fn simple(dice: &mut Dice) -> String {
    if dice.chance(45) { reader(dice) } else { writer(dice) }
}

fn redirect(dice: &mut Dice) -> String {
    let sign = dice.one(&[">", ">>", ">|", "2>", "&>", "<>", ">&", "&>>", "3>", "{fd}>", "<"]);
    format!("{sign} {}", word(dice))
}

fn quoted(line: &str) -> String {
    format!("'{}'", line.replace('\'', "'\\''"))
}

/// One line; `depth` bounds how far it nests.
pub fn line(dice: &mut Dice, depth: usize) -> String {
    if depth == 0 {
        return simple(dice);
    }
    let a = |dice: &mut Dice| line(dice, depth - 1);
    let next = depth - 1;
    match dice.below(52) {
        0..=8 => simple(dice),
        9 => format!("{} {}", simple(dice), redirect(dice)),
        10 => format!("{} {}", redirect(dice), reader(dice)),
        11 => format!("{}; {}", a(dice), line(dice, next)),
        12 => format!("{} && {}", a(dice), line(dice, next)),
        13 => format!("{} || {}", a(dice), line(dice, next)),
        14 => format!("{} | {}", reader(dice), a(dice)),
        15 => format!("( {} )", a(dice)),
        16 => format!("{{ {}; }} {}", a(dice), redirect(dice)),
        17 => format!("if {}; then {}; else {}; fi", reader(dice), a(dice), line(dice, next)),
        18 => format!("for V in {} {}; do {}; done", word(dice), word(dice), a(dice)),
        19 => format!("while read -r V; do {}; done < list", a(dice)),
        20 => format!("case {} in *.txt|d*) {};; *) {};; esac", word(dice), a(dice), line(dice, next)),
        21 => format!("f() {{ {}; }}; f", a(dice)),
        22 => format!("f() {{ touch \"$1\"; }}; f {}", word(dice)),
        23 => format!("echo \"$({})\"", a(dice)),
        24 => format!("V={}; {}", name(dice), a(dice)),
        25 => format!("V='{} {}'; {}", name(dice), name(dice), a(dice)),
        26 => format!("cat > {} <<E\n$(echo in)\n$V\nE\n{}", word(dice), a(dice)),
        27 => format!("cat <<'E' | bash\n{}\nE", a(dice)),
        28 => format!("bash <<E\n{}\nE", reader(dice)),
        29 => format!("cd {} && {}", folder(dice), a(dice)),
        30 => format!("cd {}; {}", folder(dice), a(dice)),
        31 => format!("(cd {} && {}); {}", folder(dice), a(dice), line(dice, next)),
        32 => format!("pushd {} >/dev/null && {}; popd; {}", folder(dice), a(dice), line(dice, next)),
        33 => format!("bash -c {}", quoted(&a(dice))),
        34 => format!("bash -ec {} x {}", quoted("touch \"$1\""), word(dice)),
        35 => format!("eval {}", quoted(&a(dice))),
        36 => format!("env A=1 {}", simple(dice)),
        37 => format!("timeout 5 {}", simple(dice)),
        38 => format!("nohup nice {}", reader(dice)),
        39 => format!("time {}", a(dice)),
        40 => format!("trap {} EXIT; {}", quoted(&simple(dice)), a(dice)),
        41 => format!("{} & wait", a(dice)),
        42 => format!("diff <({}) <({})", reader(dice), a(dice)),
        43 => format!("{} > >(cat > {})", reader(dice), name(dice)),
        44 => format!("set -- {} {}; touch \"$2\"", name(dice), name(dice)),
        45 => format!("read -r V <<< {}; {}", name(dice), a(dice)),
        46 => format!("exec > {}; {}", word(dice), a(dice)),
        47 => format!("[[ -f {} ]] && {}", name(dice), a(dice)),
        48 => format!("! {}", a(dice)),
        49 => format!("for i in 1 2; do {} > out$i; done", reader(dice)),
        50 => format!("coproc {{ {}; }} < list; wait", a(dice)),
        _ => format!("export V={}\n{}\n# a comment {}", name(dice), a(dice), "> no"),
    }
}
