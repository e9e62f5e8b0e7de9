#!/bin/sh
# What libmtasts promises about itself, read from the built files:
# test_abi.sh LIBRARY INCLUDE_DIR
#   - it exports what its headers declare, under its version, and no more;
#   - it needs libc alone (what it calls there is tools/check-pure's);
#   - every header stands alone, in C and in C++.
set -u
library=$1
include=$2
failed=0

complain() {
    echo "test_abi: $*" >&2
    failed=1
}

declared=$(cat "$include"/mtasts/*.h | sed -e 's@/\*.*\*/@@' |
    tr '\n' ' ' | sed -e 's@/\*[^*]*\*\+\([^/*][^*]*\*\+\)*/@@g' |
    grep -o 'mtasts_[a-z_0-9]* *(' | tr -d ' (' | sort -u)
exported=$(nm -D --defined-only "$library" | awk '$2 == "T" {print $3}' |
    sed -e 's/@@LIBMTASTS_0$//' | sort -u)
[ -n "$declared" ] || complain "no declarations found"
[ "$declared" = "$exported" ] ||
    complain "declared and exported differ: $(printf '%s\n%s\n' \
        "$declared" "$exported" | sort | uniq -u | tr '\n' ' ')"

readelf -d "$library" | grep -q 'SONAME.*\[libmtasts\.so\.0\]' ||
    complain "the SONAME is not libmtasts.so.0"
# The runtime of a sanitizer, in such a build, is no need of ours.
readelf -d "$library" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' |
    grep -v -e '^libc\.so' -e '^libasan' -e '^libubsan' -e '^ld-linux' |
    grep . >&2 && complain "it needs more than libc"

for header in "$include"/mtasts/*.h; do
    cc -std=c99 -pedantic -Wall -Wextra -Werror -I "$include" -fsyntax-only \
        -x c "$header" || complain "$header does not stand alone in C"
    c++ -std=c++11 -pedantic -Wall -Wextra -Werror -I "$include" \
        -fsyntax-only -x c++ "$header" ||
        complain "$header does not stand alone in C++"
done
exit "$failed"
