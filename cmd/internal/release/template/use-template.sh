#!/bin/sh
# Makes what was made from a template its owner's: the project's name, and all that follows from it.
# usage: use-template.sh NAME [KEY=VALUE]...     the keys are those of crdb-init update --set
set -eu

if [ $# -eq 0 ]; then
  echo "usage: $0 NAME [KEY=VALUE]..." >&2
  exit 2
fi
cd "$(dirname "$0")/.."

# A repository may be called what a project cannot be: My.Shop becomes my-shop.
name=$(printf %s "$1" | tr '[:upper:]' '[:lower:]' | sed -e 's/[^a-z0-9]\{1,\}/-/g' -e 's/^[0-9-]*//' -e 's/-*$//')
shift
for answer; do
  set -- "$@" --set "$answer"
  shift
done
crdb-init update --allow-dirty --set "name=$name" "$@" .
rm -f .github/README.md .github/use-template.sh
echo "This is $name now. .github/workflows/use-template.yml has done its work: remove it."
