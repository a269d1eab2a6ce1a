#!/usr/bin/env bash
# Type-checks every layer and every kind of test under its own tsconfig: each sees only what it has where it runs.
set -u
failed=0
for part in . src/{engine,lab,console,rpc,protocol,worker,node,offline} test test/app test/worker e2e; do
  npx --no-install tsc -p "$part" || failed=1
done
# The page's layer has components, which only svelte-check understands.
npx --no-install svelte-check --tsconfig src/app/tsconfig.json --threshold warning || failed=1
exit $failed
