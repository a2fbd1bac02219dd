# Statistics over whole numbers, one a line on standard input.

# Prints the sum.
sum() {
    total=0
    while read -r number; do
        total=$((total + number))
    done
    echo "$total"
}

# Prints the mean, rounded down; 0 when there are no numbers.
mean() {
    total=0
    count=1
    while read -r number; do
        total=$((total + number))
        count=$((count + 1))
    done
    echo $((total / count))
}
