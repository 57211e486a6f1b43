#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes the demonstration catalogue rules/schemes/dip-demo out of synthetic claims, or with --check says whether it is
# still what would be made.
#
#   tests/generate/dip-demo.sh [--check] CASEMIX MAKE_HISTORY [RULES]
#
# CASEMIX and MAKE_HISTORY are built by meson: tools/casemix and tests/sample/make-history.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
check=false
if [ "$1" = --check ]; then
    check=true
    shift
fi
casemix=$(realpath "$1") make_history=$(realpath "$2") rules=$(realpath "${3:-$here/../../rules}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/rules/schemes"
ln -s "$rules/codes" "$work/rules/codes"
ln -s "$rules/schemes/dip-hubei" "$rules/schemes/chs-drg-11" "$work/rules/schemes/"
demo=$work/rules/schemes/dip-demo
codes=$rules/codes/icd10-nhsa-2.0.tsv,$rules/codes/icd9cm3-nhsa-2.0.tsv

quietly() {
    "$@" >"$work/said" 2>&1 || {
        cat "$work/said" >&2
        exit 1
    }
}

# 120,000 claims of 2021 to 2023, about 120 of them spoilt.
"$make_history" --diagnoses "${codes%,*}" --procedures "${codes#*,}" --count 120000 --seed 2021 -o "$work/history.csv"
quietly "$casemix" compile "$rules/bundles/dip-hubei.yaml" -o "$work/frame.cmx"
quietly "$casemix" calibrate dip -i "$work/frame.cmx" "$work/history.csv" -o "$demo" --demonstration --id dip-demo \
    --title "DIP demonstration catalogue of synthetic claims 2021-2023" --date 2026-11-27 \
    --extends ../dip-hubei/scheme.yaml --names "$codes"
rm "$demo"/report.* "$demo/rejects.csv" "$demo/bundle.yaml"

# Without factors of their own the classes of the frame say nothing: this catalogue has its own, where they earn
# their place.
cat >>"$demo/scheme.yaml" <<'END'

auxiliary:
  catalogues:
    age:
    - {class: 0-28天, when: NL < 1 and XSRTL <= 28}
    - {class: 29天-1周岁, when: NL < 1 and XSRTL > 28}
    - {class: 1-6周岁, when: NL >= 1 and NL <= 6}
    - {class: 7-17周岁, when: NL >= 7 and NL <= 17}
    - {class: 66周岁以上, when: NL >= 66}
    severity: []
    tumour: []
END
quietly "$casemix" compile "$demo/scheme.yaml" -o "$work/demo.cmx"
quietly "$casemix" calibrate auxiliary -i "$work/demo.cmx" "$work/history.csv" -o "$work/factors"
mv "$work/factors/factors.csv" "$demo/"
echo "  factors: factors.csv" >>"$demo/scheme.yaml"
{
    echo "# SPDX-License-Identifier: Apache-2.0"
    echo "# DEMONSTRATION (演示): made by tests/generate/dip-demo.sh from synthetic claims of hospitals that do not exist."
    tail -n +2 "$demo/scheme.yaml" # less the line that speaks of report.txt
} >"$work/scheme.yaml"
mv "$work/scheme.yaml" "$demo/scheme.yaml"
chmod 644 "$demo"/*
quietly "$casemix" compile "$demo/scheme.yaml" -o "$work/demo.cmx"

if $check; then
    diff -r "$demo" "$rules/schemes/dip-demo" >"$work/said" || {
        head -20 "$work/said"
        echo "rules/schemes/dip-demo is not what its claims give; make it again with tests/generate/dip-demo.sh"
        exit 1
    }
    echo "rules/schemes/dip-demo is what its claims give"
else
    mkdir -p "$rules/schemes/dip-demo"
    rm -f "$rules/schemes/dip-demo"/*
    cp "$demo"/* "$rules/schemes/dip-demo/"
fi
