#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The last part of both READMEs names every source file, and none that is not there; casemix-image(5) tells every section
# of the image.
#
#   tests/readme_test.sh ROOT
set -u
cd "$1" || exit 2
failed=0

complain() {
    echo "FAILED: $1"
    failed=1
}

sources=$(find grouper tables tools tests -name '*.[ch]' -o -name '*.def' -o -name '*.map' -path 'grouper/*' | sort)
for readme in README.md README.zh-CN.md; do
    # the first backquotes of the lines of the last part: `a/b.[ch]` is a/b.c and a/b.h
    named=$(tac "$readme" | sed '/^## /q' | grep -oE '^- `[^`]+`' | tr -d '`' | sed -E -e 's/^- //' -e 's/^(.*)\.\[ch\]$/\1.c\n\1.h/')
    for file in $sources; do
        grep -qxF "$file" <<<"$named" || complain "$readme does not name $file"
    done
    for file in $named; do
        compgen -G "$file" >/dev/null || complain "$readme names $file, which is not there"
    done
done

# section numbers of the format: `NAME = 24,` of the three enums, and `.It 24` of the page
formats='tables/image.h tables/image_dip.h tables/image_policy.h'
for number in $(sed -n '/^enum image_\(policy_\|dip_\)\?section {/,/^};/p' $formats |
    sed -nE 's/^ +IMAGE_[A-Z_0-9]+ = ([0-9]+),.*/\1/p'); do
    grep -qx "\.It $number" man/casemix-image.5 || complain "casemix-image(5) does not tell of section $number"
done
for field in $(sed -n '/^struct image_.* {/,/^};/p' $formats tables/formula.h |
    sed -E -e 's|/\*.*||' -e '/^struct image_.* \{/d' | sed -nE 's/^ +(struct )?[a-z0-9_]+ ([a-z].*);.*/\2/p' |
    tr ',' '\n' | sed -E 's/[][ ]|\[.*//g' | sort -u); do
    grep -qE "^[0-9]+ .* $field( |\$)" man/casemix-image.5 || complain "casemix-image(5) does not tell of the field $field"
done

[ $failed = 0 ] && echo "every file is named"
exit $failed
