/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML, schemes, overlays, policies and bundles: the input is a rule file. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_compile(fuzz_file("input.yaml", "", data, size, ""));
    return 0;
}
