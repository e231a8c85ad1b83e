#!/usr/bin/env bash
# Starts the release binary where there is nothing but a bare Debian and the libraries that the image installs: a root put
# together of their packages, as a user with no rights. Tells that it serves, is asked by its own healthcheck and ends.
set -euo pipefail
cd "$(dirname "$0")/.."

binary="$(realpath "${1:-.build/release/tokenaudit}")"
[[ -x "$binary" ]] || { echo "check-bare-root: $binary is missing; \`make build\` builds it" >&2; exit 1; }
[[ $(id -u) == 0 ]] || { echo "check-bare-root: a root of its own takes root" >&2; exit 1; }
# Mounts of its own, so that the root may have a /proc, without which a Swift program knows no arguments.
[[ -n "${MOUNTS_ARE_OWN:-}" ]] || exec unshare --mount --propagation private env MOUNTS_ARE_OWN=1 "$0" "$binary"

work="$(mktemp -d)"
server=
end() {
    [[ -z "$server" ]] || kill -9 "$server" 2>/dev/null || true
    umount "$root/proc" 2>/dev/null || true
    rm -rf --one-file-system "$work"
}
trap end EXIT
root="$work/root"
mkdir -p "$work/packages" "$root"

# What the image installs, as the Dockerfile has it, with all that these need, and a shell for debian:bookworm-slim's own.
mapfile -t packages < <(sed -n '/^FROM debian/,$p' Deploy/Dockerfile | tr ' ' '\n' |
    grep -xE 'ca-certificates|tzdata|zlib1g|lib[a-z0-9.+-]+' | sort -u)
[[ ${#packages[@]} -ge 6 ]] || { echo "check-bare-root: the Dockerfile installs ${packages[*]}" >&2; exit 1; }
mapfile -t all < <(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
    --no-enhances "${packages[@]}" | grep -E '^[a-z0-9]' | grep -vE '^(debconf|cdebconf|perl|dpkg|tar|libdb5.3|openssl)' | sort -u)
# Packages that nothing provides under their own name are virtual.
apt-cache policy "${all[@]}" |
    awk '/^[a-z0-9]/ {name = substr($1, 1, length($1) - 1)} $1 == "Candidate:" && $2 != "(none)" {print name}' >"$work/names"
(cd "$work/packages" && xargs apt-get download -qq <"$work/names" 2>"$work/apt.log") || { cat "$work/apt.log" >&2; exit 1; }
for package in "$work"/packages/*.deb; do dpkg -x "$package" "$root"; done

install -D "$binary" "$root/usr/local/bin/tokenaudit"
install -d -m 0700 -o 10001 -g 10001 "$root/var/lib/tokenaudit/data"
mkdir -p "$root/dev" "$root/tmp" "$root/proc" "$root/etc"
chmod 1777 "$root/tmp"
mount --bind /proc "$root/proc"
for device in null zero urandom random; do
    cp -a "/dev/$device" "$root/dev/$device"
done
echo "tokenaudit:x:10001:10001::/var/lib/tokenaudit:/usr/sbin/nologin" >"$root/etc/passwd"

settings=(
    "TOKENAUDIT_LISTEN=127.0.0.1:$((20000 + RANDOM % 10000))"
    TOKENAUDIT_DATABASE=sqlite:/var/lib/tokenaudit/data/tokenaudit.sqlite
)
inside=(env -i "${settings[@]}" "$(command -v chroot)" --userspec=10001:10001 "$root" /usr/local/bin/tokenaudit)

"${inside[@]}" --version
"${inside[@]}" serve &
server=$!
for _ in $(seq 100); do
    if "${inside[@]}" healthcheck --ready 2>/dev/null; then break; fi
    kill -0 "$server"
    sleep 0.1
done
"${inside[@]}" healthcheck
"${inside[@]}" ledger verify
kill -TERM "$server"
wait "$server"
server=
echo "served in a bare root of $(wc -l <"$work/names") packages, $(du -smx "$root" | cut -f1) MB, and ended with status 0"
