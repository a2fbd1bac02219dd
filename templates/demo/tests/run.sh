# Runs every test; the exit code is the number of failures.
. src/report.sh

failures=0

check() {
    if [ "$2" = "$3" ]; then
        echo "ok    $1"
    else
        echo "FAIL  $1: expected \"$2\", got \"$3\""
        failures=$((failures + 1))
    fi
}

check "sum adds up" 60 "$(printf '10\n20\n30\n' | sum)"
check "mean of three" 20 "$(printf '10\n20\n30\n' | mean)"
check "mean of none is 0" 0 "$(printf '' | mean)"
check "the report" "sold for 60, mean price 20" "$(printf '10\n20\n30\n' | report)"

echo "$failures failed"
exit "$failures"
