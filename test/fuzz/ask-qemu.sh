#!/usr/bin/env bash
# Puts the questions of a batch to the real qemu-img, inside limits: broken images can make it slow, hungry, or write
# without end. Usage: ask-qemu.sh FOLDER; each folder below FOLDER has a file `questions` of lines `NAME ARGUMENT…`, and
# gets NAME.out, NAME.err and NAME.code. The limit of processor time shows as code 137, the one of file size as 153.
set -u
ulimit -v 4194304
ulimit -f 4194304
ulimit -t 10
ulimit -c 0
for folder in "$1"/*/; do
  cd "$folder" || exit 1
  while read -r name arguments; do
    # shellcheck disable=SC2086 # the arguments are words
    qemu-img $arguments >"$name.out" 2>"$name.err" </dev/null
    echo $? >"$name.code"
  done <questions
done
