#!/usr/bin/env bash
# QEMU's own test suite, unmodified, against the programs of this project. Builds them, brings the suite, runs it.
#   suite.sh             the tests that are expected to pass (expected-passes.txt)
#   suite.sh --quick     those of them marked `quick`: the part that every test run has time for
#   suite.sh --all       all tests that need only qemu-img and qemu-io; says which expected ones failed and which others passed
#   suite.sh --variants  everything, then once more for every file in variants/, with the creation option that the file is named after
#   suite.sh --variant refcount_bits=1   one of these files
# More arguments go to the runner (`run`), such as `--opts compat=0.10` or `--diff`. JOBS tests run at a time (default: one a core).
set -euo pipefail
cd "$(dirname "$0")/../.."

here=test/iotests
jobs=${JOBS:-$(nproc)}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

listed() { awk '!/^#/ && NF { print $1 }' "$1"; }

# run_tests NAME "TESTS" [ARGUMENT...]: deals the tests out to as many runners as there are jobs. Results go to $scratch/NAME.
run_tests() {
  local name=$1 tests=$2 job status=0
  shift 2
  local pids=()
  for ((job = 0; job < jobs; job++)); do
    local share
    share=$(echo "$tests" | tr ' ' '\n' | awk -v job=$job -v jobs="$jobs" 'NF && n++ % jobs == job' | tr '\n' ' ')
    [ -n "$share" ] || continue
    bash $here/run --img dist/cli/qemu-img --io dist/cli/qemu-io --tests "$share" "$@" >"$scratch/$name.$job" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || status=1; done
  cat "$scratch/$name".* | grep -vE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' | tee "$scratch/$name" || true
  return $status
}

# Tests that pass, but are not in the list FILE.
tell_unlisted() {
  local unlisted
  unlisted=$(awk '$2 == "pass" { print $1 }' "$scratch/$1" | grep -vxF "$(listed "$2")" || true)
  [ -z "$unlisted" ] || echo "passes, but is not in $2 yet: $(echo $unlisted)"
}

expected=$here/expected-passes.txt
mode=expected
case "${1:-}" in
  --quick | --all | --variants) mode=${1#--}; shift ;;
  --variant)
    mode=variant option=${2:-}
    [ -f "$here/variants/$option.txt" ] || { echo "suite: no list $here/variants/$option.txt" >&2; exit 2; }
    shift 2 ;;
esac
case "$mode" in
  expected) tests=$(listed $expected) ;;
  quick) tests=$(awk '!/^#/ && $2 == "quick" { print $1 }' $expected) ;;
  all | variants) tests=$(bash $here/run --class-A --list) ;;
esac

node src/node/cli/build.js
QEMU_SRC=$(bash $here/prepare)
export QEMU_SRC

# run_variant OPTION [ARGUMENT...]
run_variant() {
  local option=$1
  shift
  echo "--- with $option"
  run_tests "$option" "$(echo $(listed "$here/variants/$option.txt"))" --opts "$option" "$@"
}

status=0
if [ "$mode" = variant ]; then
  run_variant "$option" "$@" || status=1
else
  run_tests plain "$(echo $tests)" "$@" || status=1
  tell_unlisted plain $expected
fi
if [ "$mode" = variants ]; then
  for list in $here/variants/*.txt; do run_variant "$(basename "$list" .txt)" "$@" || status=1; done
fi

# The sum stands last, alone on its line.
cat "$scratch"/*.[0-9]* | awk '/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { p += $1; f += $3; s += $5 }
  END { printf "%d passed, %d failed, %d skipped\n", p, f, s }'
exit "$status"
