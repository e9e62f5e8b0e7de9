#!/bin/sh
# What libmtasts promises about itself, read from the built files:
# test_abi.sh LIBRARY ARCHIVE INCLUDE_DIR
#   - it exports what its headers declare, under its version, and no more;
#   - it needs libc alone and calls nothing that has a state of its own;
#   - it keeps no writable data;
#   - every header stands alone, in C and in C++.
set -u
library=$1
archive=$2
include=$3
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

# By name, since sanitizers put their own symbols beside.
nm -u "$archive" | awk '/ U / {print $2}' | sort -u |
    grep -E -x -e 'f?open|read|write|f?printf|fwrite|puts|syslog|socket' \
        -e 'time|clock_gettime|gettimeofday|getenv|setlocale|rand|random' \
        -e 'exit|abort|__errno_location|strtok|strerror|isalnum|tolower' >&2 &&
    complain "it calls what a pure function does not"

# Sections .data and .bss; tables of strings are in .data.rel.ro.
if ! nm "$archive" | grep -q -e __asan -e __ubsan -e __gcov; then
    size -A "$archive" | awk '$1 == ".data" || $1 == ".bss" || $1 == ".tbss" {
        total += $2 } END { exit total > 0 }' ||
        complain "it keeps writable data"
fi

for header in "$include"/mtasts/*.h; do
    cc -std=c99 -pedantic -Wall -Wextra -Werror -I "$include" -fsyntax-only \
        -x c "$header" || complain "$header does not stand alone in C"
    c++ -std=c++11 -pedantic -Wall -Wextra -Werror -I "$include" \
        -fsyntax-only -x c++ "$header" ||
        complain "$header does not stand alone in C++"
done
exit "$failed"
