#!/bin/sh
# Writes random objects with the answers of each release: rows.sh FOLDER SEED COUNT [MINOR...]
# FOLDER is what generate.sh filled; rows go to FOLDER/rows/1.NN.jsonl, for GITOPS_DEFAULTS_ORACLE. The
# last release also says what random texts are as quantities, and what it makes of custom resources.
set -eu
folder=$1
seed=$2
count=$3
shift 3
mkdir -p "$folder/rows"
[ $# -gt 0 ] || set -- $(cd "$folder" && ls -d 1.*/ | tr -d /)
for minor in "$@"; do
    K8S_SOURCES=$(cat "$folder/$minor/sources") "$folder/$minor/defaults" random "$seed" "$count" >"$folder/rows/$minor.jsonl"
done
"$folder/$minor/defaults" quantities "$seed" "$count" >"$folder/rows/quantities.jsonl"
"$folder/$minor/defaults" schemas "$seed" "$count" >"$folder/rows/schemas.jsonl"
