#!/usr/bin/env bash
# Everything that has to hold, in one run (`npm test`): brings the system tools, then runs every step of test/tools/run-steps.js.
# Without qemu-img the run fails, unless QCOW2_WORKBENCH_WITHOUT_QEMU=1 says that leaving out the comparisons is wanted.
set -euo pipefail
cd "$(dirname "$0")/.."

is_debian() { [ -r /etc/os-release ] && (. /etc/os-release && [ "$ID" = debian ]); }
can_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }
has_chromium() { [ -x /usr/bin/chromium ] || [ -x /usr/bin/chromium-browser ]; }
has_qemu() { command -v qemu-img >/dev/null && command -v qemu-io >/dev/null; }

packages=()
if can_install; then
  has_qemu || packages+=(qemu-utils)
  if is_debian; then has_chromium || packages+=(chromium fonts-dejavu-core); fi
fi
if [ ${#packages[@]} -gt 0 ]; then
  echo "Installing ${packages[*]} with apt-get"
  # A failure is judged below, by what is missing then.
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"; } \
    </dev/null >/dev/null || true
fi

if ! has_chromium; then
  echo "No system Chromium here: using the browser that Playwright downloads"
  npx playwright install chromium </dev/null
fi

if ! has_qemu; then
  echo "qemu-img and qemu-io are missing. They come with the package qemu-utils (Debian, Ubuntu), qemu-img (Fedora)," >&2
  echo "qemu (Homebrew, Arch). QCOW2_WORKBENCH_WITHOUT_QEMU=1 runs the tests without the comparisons with QEMU." >&2
  [ "${QCOW2_WORKBENCH_WITHOUT_QEMU:-}" = 1 ] || { echo "0 passed, 1 failed, 0 skipped"; exit 1; }
fi

exec node test/tools/run-steps.js </dev/null
