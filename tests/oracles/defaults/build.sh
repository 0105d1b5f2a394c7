#!/bin/sh
# Builds the oracle against one release of Kubernetes: build.sh 1.36.3 FOLDER
# leaves FOLDER/defaults, and FOLDER/sources with the folders of Go sources to give it in K8S_SOURCES.
# Needs Go and a Go module proxy. Types of the staging repositories come from their modules of the
# same release.
set -eu
release=$1
folder=$2
here=$(cd "$(dirname "$0")" && pwd)
minor=$(echo "$release" | cut -d. -f2)
mkdir -p "$folder"
cp "$here"/*.go "$folder"/
cd "$folder"
rm -f go.mod go.sum
go mod init example.com/defaults >/dev/null 2>&1
dir=$(go mod download -json "k8s.io/kubernetes@v$release" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
sed -n 's|^\s*\(k8s.io/[a-z-]*\) => ./staging/.*|\1|p' "$dir/go.mod" | while read -r module; do
    go mod edit -replace "$module=$module@v0.${release#1.}"
done
go mod edit -go "$(sed -n 's/^go //p' "$dir/go.mod")" -require "k8s.io/kubernetes@v$release"
go build -mod=mod -ldflags "-X main.minor=$minor" -o defaults .
for module in api apimachinery apiextensions-apiserver kube-aggregator; do
    go list -mod=mod -m -f '{{.Dir}}' "k8s.io/$module"
done >sources
