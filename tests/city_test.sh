#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# "How to add your city in an afternoon" of casemix-rules(7), followed to the letter: its files are written as they
# stand there, its commands are run in their order, and what they answer is looked at.
#
#   tests/city_test.sh ROOT          CASEMIX_COMMAND says what to run (meson test sets it)
set -u
root=$(realpath "$1")
: "${CASEMIX_COMMAND:?is not set: run by meson test, or set it to the command}"
export CASEMIX_COMMAND
casemix() { "$CASEMIX_COMMAND" "$@"; }
export -f casemix
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ln -s "$root/rules" "$work/rules"
mkdir "$work/city"
cd "$work/city" || exit 2
printf '%s\n' id,gender,age,dx 1,2,40,G43.000 2,1,70,'I63.900|N17.900' 3,1,70,R51.x00 >2025.csv

# Blocks of the page: those that start with $ are commands, others belong to the file named last; one that starts with
# an empty line goes to its end.
awk -v commands="$work/commands" '
    /^\.Ss How to add your city/ { on = 1 }
    /^\.Sh SEE ALSO/ { on = 0 }
    on && /^\.Pa / { file = $2 }
    on && /^\.Ed/ { inside = 0 }
    on && inside {
        gsub(/\\e/, "\\")
        if (first) { shell = /^\$/; fresh = !shell && $0 != "" && !(file in seen) }
        if (first && fresh) { printf "rm -f %s\n", file >commands }
        if (first && !shell) { printf "cat >>%s <<\"END\"\n", file >commands }
        if (shell) { sub(/^\$ /, />>/ ? "" : "run "); print >commands } else { print >commands }
        first = 0
        if (!shell) { pending = 1 }
    }
    on && /^\.Ed/ && pending { print "END" >commands; pending = 0 }
    on && /^\.Bd/ { inside = 1; first = 1 }
' "$root/man/casemix-rules.7"

# Every command must do its work; `diff` says by 1 that there are differences.
run() {
    "$@" >>"$work/output" 2>&1
    local code=$?
    if [ $code != 0 ] && ! { [ $code = 1 ] && [ "$2" = diff ]; }; then
        echo "FAILED: $* (exit code $code)"
        tail -5 "$work/output"
        failed=1
    fi
}
failed=0
# shellcheck disable=SC1091
. "$work/commands"

expect() {
    if ! grep -qF -- "$1" "$work/output"; then
        echo "FAILED: the page's commands do not say: $1"
        failed=1
    fi
}
expect 'MDCB  BV4  BV41'
expect 'MDCB  BV4  BV49'
expect 'MDCB  BR2  BR2A'
expect '2844.34'
expect '18 codes'
expect '3 cases, 2 with another group'
[ "$(grep -c '^run ' "$work/commands")" -ge 10 ] || { echo "FAILED: the page has lost its commands"; failed=1; }
[ $failed = 0 ] && echo "the page's city works"
exit $failed
