#!/bin/sh
# What libmtasts and libmtasts-client promise about themselves, read from the
# built files: test_abi.sh LIBRARY CLIENT_LIBRARY INCLUDE_DIR
#   - they export what their headers declare, under their version, no more;
#   - they need libc alone (what libmtasts calls there is tools/check-pure's),
#     the client also libmtasts;
#   - every header stands alone, in C and in C++.
set -u
library=$1
client=$2
include=$3
failed=0

complain() {
    echo "test_abi: $*" >&2
    failed=1
}

check() { # LIBRARY SONAME VERSION HEADER...
    file=$1 soname=$2 version=$3
    shift 3
    declared=$(cat "$@" | sed -e 's@/\*.*\*/@@' |
        tr '\n' ' ' | sed -e 's@/\*[^*]*\*\+\([^/*][^*]*\*\+\)*/@@g' |
        grep -o 'mtasts_[a-z_0-9]* *(' | tr -d ' (' | sort -u)
    exported=$(nm -D --defined-only "$file" | awk '$2 == "T" {print $3}' |
        sed -e "s/@@$version\$//" | sort -u)
    [ -n "$declared" ] || complain "$soname: no declarations found"
    [ "$declared" = "$exported" ] ||
        complain "$soname: declared and exported differ: $(printf '%s\n%s\n' \
            "$declared" "$exported" | sort | uniq -u | tr '\n' ' ')"
    readelf -d "$file" | grep 'SONAME' | grep -qF "[$soname]" ||
        complain "the SONAME is not $soname"
}

needs() { # LIBRARY -> what it needs but libc
    # The runtime of a sanitizer, in such a build, is no need of ours.
    readelf -d "$1" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' |
        grep -v -e '^libc\.so' -e '^libasan' -e '^libubsan' -e '^ld-linux'
}

set --
for header in "$include"/mtasts/*.h; do
    [ "${header##*/}" = client.h ] || set -- "$@" "$header"
done
check "$library" libmtasts.so.0 LIBMTASTS_0 "$@"
check "$client" libmtasts-client.so.0 LIBMTASTS_CLIENT_0 \
    "$include/mtasts/client.h"
[ "$(needs "$library")" = '' ] || complain "libmtasts needs more than libc"
[ "$(needs "$client")" = libmtasts.so.0 ] ||
    complain "libmtasts-client needs more than libmtasts and libc"

for header in "$include"/mtasts/*.h; do
    cc -std=c99 -pedantic -Wall -Wextra -Werror -I "$include" -fsyntax-only \
        -x c "$header" || complain "$header does not stand alone in C"
    c++ -std=c++11 -pedantic -Wall -Wextra -Werror -I "$include" \
        -fsyntax-only -x c++ "$header" ||
        complain "$header does not stand alone in C++"
done
exit "$failed"
