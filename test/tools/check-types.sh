#!/usr/bin/env bash
# Type-checks every layer and every kind of test under its own tsconfig: each sees only what it has where it runs.
set -u
bin=node_modules/.bin # not npx: its start would cost more than the work
failed=0
for part in . src/{engine,lab,console,rpc,protocol,worker,node,offline} test test/app test/worker e2e; do
  $bin/tsc -p "$part" || failed=1
done
# The page's layer has components, which only svelte-check understands.
$bin/svelte-check --tsconfig src/app/tsconfig.json --threshold warning || failed=1
exit $failed
