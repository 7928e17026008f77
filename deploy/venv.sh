#!/bin/sh
# Makes .venv with the locked packages and this project, with uv where it is there, else with python3 -m venv.
# Usage: sh deploy/venv.sh LOCK-FILE
set -eu
lock=$1

python_fits() {
  "$1" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null
}

as_root_or_say() { # as_root_or_say PACKAGE REASON
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "$2 Installing $1."
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$1" >/dev/null
  else
    echo "$2 Type this, then try again:  sudo apt-get install $1" >&2
    exit 1
  fi
}

if command -v uv >/dev/null; then
  [ -x .venv/bin/python ] || uv venv -q --python '>=3.11' .venv
  uv pip install -q --python .venv/bin/python --require-hashes -r "$lock"
  uv pip install -q --python .venv/bin/python --no-deps -e .
  exit 0
fi

if ! python_fits python3; then
  echo "cirt needs Python 3.11 or newer as python3." >&2
  exit 1
fi
if [ ! -x .venv/bin/pip ]; then
  if ! python3 -c 'import ensurepip' 2>/dev/null; then
    as_root_or_say python3-venv "Python cannot make virtual environments yet."
  fi
  rm -rf .venv
  python3 -m venv .venv
fi
.venv/bin/pip install -q --disable-pip-version-check --require-hashes -r "$lock"
.venv/bin/pip install -q --disable-pip-version-check --no-deps -e .
