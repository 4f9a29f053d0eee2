#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# image.sh NAME: make a podman image of this name, unless this very file has made one, and print what to call it: a bare
# Debian with systemd and Python, and, in a folder that only apt sees, the packages that the role `install` may ask for.
# Containers need no way out then.
set -euo pipefail
name=$1:$(sha256sum <"$0" | cut -c1-12)
packages="wireguard-tools wireguard-go python3-apt python3-pyroute2 nftables"
exec {lock}>/run/lock/wgfleet-image # two checkouts may want it at once
flock "$lock"
if podman image exists "$name"; then
    echo "$name"
    exit
fi
exec {result}>&1 >&2 # of this, only the name is for whoever called
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
export DEBIAN_FRONTEND=noninteractive
debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,python3,iproute2 bookworm "$root"
# shellcheck disable=SC2086 # package names are words
chroot "$root" apt-get install -y -qq --no-install-recommends --download-only $packages
mkdir "$root/srv/packages"
mv "$root"/var/cache/apt/archives/*.deb "$root/srv/packages"
(cd "$root/srv/packages" && apt-ftparchive packages . >Packages)
echo 'deb [trusted=yes] file:/srv/packages ./' >"$root/etc/apt/sources.list"
rm -rf "$root"/var/lib/apt/lists/*
tar -C "$root" -c . | podman import --quiet - "$name"
# Those that earlier versions of this file have made, unless a container has one.
podman image ls --format '{{.Repository}}:{{.Tag}}' --filter reference="$1" | grep -vF "$name" | xargs -r podman image rm || true
echo "$name" >&"$result"
