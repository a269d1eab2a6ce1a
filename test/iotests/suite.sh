#!/usr/bin/env bash
# QEMU's own test suite, unmodified, against the programs of this project. Builds them, brings the suite, runs it.
#   suite.sh            the tests that are expected to pass (expected-passes.txt)
#   suite.sh --quick    those of them marked `quick`: the part that every test run has time for
#   suite.sh --all      all tests that need only qemu-img and qemu-io; says which expected ones failed and which others passed
# More arguments go to the runner (`run`), such as `--opts compat=0.10` or `--diff`.
set -euo pipefail
cd "$(dirname "$0")/../.."

here=test/iotests
expected=$(awk '!/^#/ && NF { print $1 }' $here/expected-passes.txt)
selection=$expected
case "${1:-}" in
  --quick) selection=$(awk '!/^#/ && $2 == "quick" { print $1 }' $here/expected-passes.txt); shift ;;
  --all) selection=$(bash $here/run --class-A --list); shift ;;
esac

node src/node/cli/build.js
QEMU_SRC=$(bash $here/prepare)
export QEMU_SRC

results=$(mktemp)
trap 'rm -f "$results"' EXIT
status=0
# shellcheck disable=SC2086
bash $here/run --img dist/cli/qemu-img --io dist/cli/qemu-io --tests "$(echo $selection)" "$@" | tee "$results" || status=$?

unexpected=$(awk '$2 == "pass" { print $1 }' "$results" | grep -vxF "$expected" || true)
[ -z "$unexpected" ] || echo "passes, but is not in expected-passes.txt yet: $(echo $unexpected)"
# The runner's own sum stands last, alone on its line.
tail -n 1 "$results"
exit "$status"
