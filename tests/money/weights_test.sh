#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The made up weights of rules/policies/demo are what make-weights makes of each scheme.
#
#   tests/money/weights_test.sh ROOT MAKE_WEIGHTS
set -u
root=$(realpath "$1")
make=$2
failed=0
for file in "$root"/rules/policies/demo/*.weights.csv; do
    id=$(basename "$file" .weights.csv)
    scheme=$root/rules/schemes/$id.yaml
    [ -f "$scheme" ] || scheme=$root/rules/schemes/$id/scheme.yaml
    if ! cmp -s "$file" <("$make" "$scheme"); then
        echo "FAILED: $file is not what $(basename "$make") makes of $scheme"
        failed=1
    fi
done
exit $failed
