#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `casemix check` has no error to tell of any bundle that is shipped, and rules/FINDINGS.md counts the warnings rightly:
# its table has a row for each bundle with their number in the last column.
#
#   tests/rules_test.sh ROOT         CASEMIX_COMMAND says what to run (meson test sets it)
set -u
root=$(realpath "$1")
: "${CASEMIX_COMMAND:?is not set: run by meson test, or set it to the command}"
failed=0
count=0

for bundle in "$root"/rules/bundles/*.yaml; do
    name=$(basename "$bundle" .yaml)
    count=$((count + 1))
    if ! said=$("$CASEMIX_COMMAND" check "$bundle" 2>&1); then
        echo "FAILED: casemix check $name"
        grep ' error ' <<<"$said" | head -5
        failed=1
    fi
    warnings=$(sed -nE 's/^0 errors, ([0-9]+) warnings$/\1/p' <<<"$said")
    told=$(sed -nE "s/^\| $name \|.* ([0-9]+) \|$/\1/p" "$root/rules/FINDINGS.md")
    if [ "$warnings" != "$told" ]; then
        echo "FAILED: $name has ${warnings:-no} warnings, rules/FINDINGS.md tells ${told:-nothing}"
        failed=1
    fi
done
[ $failed = 0 ] && echo "$count bundles have no errors"
exit $failed
