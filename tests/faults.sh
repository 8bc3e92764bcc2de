#!/usr/bin/env bash
# Plants errors in the core, one after another, and demands that the tests notice each of them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

suite() { cargo test --quiet --package svcmetrics-tests --features test-faults; }

log=$(mktemp)
trap 'rm -f "$log"' EXIT
unset SVCMETRICS_FAULT
# Few cases will do: a fault shows at once, and the suite alone runs them all.
export PROPTEST_CASES=8

# What does not compile is no fault that was noticed.
cargo test --quiet --package svcmetrics-tests --features test-faults --no-run

if ! suite >"$log" 2>&1; then
    tail -n 60 "$log"
    echo "no fault planted: red, expected green"
    exit 1
fi
echo "no fault planted: green"

missed=0
for fault in mean_of_rates null_as_zero float_sums previous_row returned_as_new; do
    if SVCMETRICS_FAULT=$fault PROPTEST_MAX_SHRINK_ITERS=0 suite >"$log" 2>&1; then
        echo "$fault: green, expected red: the tests do not notice it"
        missed=1
    elif summary=$(grep -o 'test result: FAILED. [0-9]* passed; [0-9]* failed' "$log"); then
        echo "$fault: red (${summary##*; } of $(sed -n 's/^running \([0-9]*\) tests$/\1/p' "$log") tests)"
    else
        tail -n 60 "$log"
        echo "$fault: the tests did not run to their end"
        missed=1
    fi
done
exit "$missed"
