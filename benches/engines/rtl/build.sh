#!/bin/sh
# Builds the simulator of a core from its RTL with verilator:
#
#   build.sh ibex|cv32e40p FOLDER
#
# writes FOLDER/simulator. FOLDER/../../venv has the pip packages with the RTL (benches/setup.sh).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
core=$1
mkdir -p "$2"
out=$(cd "$2" && pwd)
package=pythondata_cpu_$core
for rtl in "$out"/../../venv/lib/python3*/site-packages/"$package"/system_verilog; do :; done
[ -d "$rtl" ] || { echo "there is no $package in $out/../../venv" >&2; exit 1; }

case $core in
ibex)
    prim=$rtl/vendor/lowrisc_ip/ip/prim/rtl
    includes="-y $rtl/rtl -I$prim -I$rtl/vendor/lowrisc_ip/dv/sv/dv_utils -DSYNTHESIS"
    # The list lacks some files, which -y finds.
    sources="$prim/prim_cipher_pkg.sv $prim/prim_secded_pkg.sv
        $(sed -n "s#^\(.*\.sv\)\$#$rtl/rtl/\1#p" "$rtl/rtl/ibex_core.f" | grep -v register_file)"
    ;;
cv32e40p)
    includes="-I$rtl/rtl/include"
    sources=$(sed -n "s#^\${DESIGN_RTL_DIR}/\(.*\)#$rtl/rtl/\1#p" "$rtl/cv32e40p_manifest.flist" |
        grep -v -E 'bhv|cv32e40p_top')
    ;;
*) echo "no core is called $core" >&2; exit 2 ;;
esac

# The warnings are about other people's sources.
# shellcheck disable=SC2086
verilator --cc --exe --build -j 1 -O3 --x-assign 0 --x-initial 0 -CFLAGS -O2 \
    -Wno-fatal -Wno-lint -Wno-style -Wno-UNOPTFLAT -Wno-BLKANDNBLK \
    --top-module bench --Mdir "$out/objects" $includes -o "$out/simulator" \
    $sources "$here/$core.sv" "$here/main.cpp"
rm -r "$out/objects"
