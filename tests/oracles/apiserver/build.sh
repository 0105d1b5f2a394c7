#!/bin/sh
# Builds kube-apiserver of one release of Kubernetes: build.sh 1.37.1 FOLDER leaves FOLDER/kube-apiserver.
# Needs Go and a Go module proxy; a few minutes and 120 MB. Its staging repositories come from their
# modules of the same release.
set -eu
release=$1
mkdir -p "$2"
cd "$2"
export GOTOOLCHAIN=auto
rm -f go.mod go.sum
go mod init example.com/apiserver >/dev/null 2>&1
dir=$(go mod download -json "k8s.io/kubernetes@v$release" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
sed -n 's|^\s*\(k8s.io/[a-z-]*\) => ./staging/.*|\1|p' "$dir/go.mod" | while read -r module; do
    go mod edit -replace "$module=$module@v0.${release#1.}"
done
go mod edit -go "$(sed -n 's/^go //p' "$dir/go.mod")" -require "k8s.io/kubernetes@v$release"
# The version is what the server says of itself and what its feature gates go by.
version=k8s.io/component-base/version
go build -mod=mod -o kube-apiserver \
    -ldflags "-s -w -X $version.gitVersion=v$release -X $version.gitMajor=1 -X $version.gitMinor=$(echo "$release" | cut -d. -f2)" \
    k8s.io/kubernetes/cmd/kube-apiserver
