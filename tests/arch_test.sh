#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The layers of the project: who may include what, what the library gives away, what its header needs.
#
#   tests/arch_test.sh ROOT [LIBRARY.so]
set -u
root=$1
library=${2:+$(realpath "$2")}
failed=0
cd "$root" || exit 2

complain() {
    echo "FAILED: $1"
    failed=1
}

# Every line that includes something, as FILE:"header", of the files given.
includes() {
    grep -HnE '^[[:space:]]*#[[:space:]]*include' "$@" /dev/null | sed -E 's/:[0-9]+:[[:space:]]*#[[:space:]]*include[[:space:]]*/ /'
}

# $1: who; $2: a pattern of includes that are wrong there; the rest: files
forbid() {
    local who=$1 pattern=$2 found
    shift 2
    found=$(includes "$@" | grep -E "$pattern")
    if [ -n "$found" ]; then
        complain "$who"
        echo "$found"
    fi
}

shopt -s nullglob
compile_only='compile/|<yaml\.h>|<pcre2\.h>'
forbid "grouper/ must not know the compiler, YAML or PCRE2" "$compile_only" grouper/*.[ch]
forbid "grouper/ includes its own headers and tables/*.h only" '"[^"]*(tools|tests|rules)/' grouper/*.[ch]
forbid "grouper/ neither prints nor reads files by stdio" '<zlib\.h>|<pthread\.h>' grouper/*.[ch]
forbid "tables/ must not know the compiler, YAML or PCRE2" "$compile_only" tables/*.[ch]
forbid "tables/ must not know grouper/ or tools/" '"[^"]*(grouper|tools)/' tables/*.[ch] tables/compile/*.[ch]

for file in tools/*.[ch]; do
    case $file in
    tools/compile.c | tools/check.c | tools/codes.c | tools/rules.[ch]) allowed='grouper/casemix\.h|tables/compile/compile\.h' ;;
    tools/diff.c) allowed='tables/compile/compare\.h' ;;
    tools/import.c) allowed='import/import\.h' ;; # one file a kind of file, in tools/import/
    tools/calibrate.c) allowed='calibrate/calibrate\.h' ;;
    tools/report.c) allowed='report/(group_names|month|page|statement)\.h' ;;
    tools/version.c) allowed='report/page\.h' ;; # are charts built in?
    *) allowed='grouper/casemix\.h' ;;
    esac
    wrong=$(includes "$file" | grep -E '"[^"]*/' | grep -vE "\"(\.\./)?($allowed)\"")
    if [ -n "$wrong" ]; then
        complain "$file includes more than casemix.h (compile, check, codes, rules: and tables/compile/compile.h)"
        echo "$wrong"
    fi
done

# Comments may speak of them; code may not use them.
for file in grouper/*.[ch] tables/*.[ch] tables/compile/*.[ch]; do
    wrong=$(gcc -fpreprocessed -dD -E -P "$file" 2>/dev/null | sed -E 's/"([^"\\]|\\.)*"//g' | grep -nwE 'float|double|strtod|strtof|atof')
    if [ -n "$wrong" ]; then
        complain "binary floating point in $file"
        echo "$wrong"
    fi
done
for file in grouper/*.c; do
    wrong=$(gcc -fpreprocessed -dD -E -P "$file" 2>/dev/null | grep -nwE 'exit|abort|printf|fprintf|puts|perror|setlocale|assert')
    if [ -n "$wrong" ]; then
        complain "$file ends the process or prints"
        echo "$wrong"
    fi
done

for file in $(git ls-files '*.[ch]' '*.def' '*.sh' 'meson.build' 2>/dev/null | sort -u); do
    [ ! -f "$file" ] || head -n 2 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' ||
        complain "$file does not start with the licence line"
done

if [ -n "$library" ]; then
    lists=$(mktemp -d)
    nm -D --defined-only --without-symbol-versions "$library" | awk '$2 ~ /[B-Z]/ {sub(/@.*/, "", $3); print $3}' | sort -u >"$lists/there"
    wrong=$(grep -vE '^(casemix_|CASEMIX_[0-9]+$)' "$lists/there")
    if [ -n "$wrong" ]; then
        complain "the library gives away more than casemix_*"
        echo "$wrong" | head -20
    fi
    wrong=$(ldd "$library" 2>/dev/null | grep -E 'libyaml|libpcre')
    [ -z "$wrong" ] || complain "the library needs libyaml or PCRE2: $wrong"
    sed -n 's/^CASEMIX_API [^(]*[ *]\(casemix_[a-z0-9_]*\)(.*/\1/p' grouper/casemix.h | sort -u >"$lists/said"
    wrong=$(comm -23 "$lists/said" "$lists/there")
    [ -z "$wrong" ] || complain "casemix.h says, but the library has not: $wrong"
    rm -r "$lists"
fi

header='#include "grouper/casemix.h"'
echo "$header" | ${CC:-cc} -std=c11 -pedantic-errors -Wall -Wextra -Werror -I. -fsyntax-only -x c - ||
    complain "casemix.h is not plain C11"
if command -v "${CXX:-c++}" >/dev/null; then
    echo "$header" | ${CXX:-c++} -std=c++11 -pedantic-errors -Wall -Wextra -Werror -I. -fsyntax-only -x c++ - ||
        complain "casemix.h does not compile as C++"
else
    echo "no C++ compiler: casemix.h was not tried as C++"
fi

[ $failed = 0 ] && echo "layers as they should be"
exit $failed
