# The daily report: takes prices on standard input, prints one line.
. src/stats.sh

report() {
    prices=$(cat)
    printf 'sold for %s, mean price %s\n' \
        "$(printf '%s\n' "$prices" | sum)" \
        "$(printf '%s\n' "$prices" | mean)"
}
