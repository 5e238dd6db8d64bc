#!/bin/sh
# Installs what bot-bottle needs and this machine lacks, saying each thing before doing it, and
# ends with the demo. With --test it runs all checks and tests instead. Safe to run again: it does
# nothing for what is there already, and needs root only for what Debian must install.
set -eu

DENO_VERSION=2.9.6
ROOT=$(cd "$(dirname "$0")" && pwd -P)
SYSTEM_RUNTIME=/usr/local/lib/bot-bottle
DOCKERD_LOG=/var/log/bot-bottle-dockerd.log

scratch=
log=
starting=

say() { printf 'install: %s\n' "$*" >&2; }

# fail WHAT REMEDY
fail() {
  printf 'install: error: %s\ninstall: hint: %s\n' "$1" "$2" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

clean() {
  if [ -n "$scratch" ]; then rm -rf "$scratch"; fi
  if [ -n "$log" ]; then rm -f "$log"; fi
  # An engine that was not ready yet is not left behind half started.
  if [ -n "$starting" ]; then as_root kill "$starting" 2>/dev/null || true; fi
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

usage() {
  cat <<'TEXT'
Usage: ./install.sh [--test | --no-demo]
  (nothing)   install what is missing, then run the demo
  --test      install what is missing and what tests need, then run all checks and tests
  --no-demo   install what is missing
TEXT
}

# need_root WHAT
need_root() {
  if [ "$(id -u)" = 0 ] || have sudo; then return; fi
  fail "Cannot $1: you are not root and there is no sudo" \
    "run this script as root once; afterwards it needs no root"
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -- "$@"; fi
}

# apt_install WHY PACKAGE...
apt_install() {
  why=$1
  shift
  have apt-get || fail "Cannot install $*: this is not Debian (no apt-get)" \
    "install it with your system's own tools ($why), then run this script again"
  need_root "install $* from Debian ($why)"
  say "installing from Debian: $* ($why)"
  log=$(mktemp)
  if ! apt_try "$@" >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    fail "Cannot install $*: apt-get failed as shown above" \
      "check the network and that no other apt-get or dpkg runs, then run this script again"
  fi
  rm -f "$log"
}

apt_try() {
  apt_get update && apt_get install --yes --no-install-recommends "$@"
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 \
    -o Acquire::Retries=3 "$@" </dev/null
}

# --- Deno -------------------------------------------------------------------------------------

# Sets `package` (npm's name of this machine's build) and `digest` (empty: npm's own check alone).
choose_package() {
  digest=
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64)
      package=@deno/linux-x64-glibc
      digest=sha512-3md4TKLCuzsLDmfOoC5KN7NAZaxSVkMgm64vg6foD00JBADCpYS2/5QqXfzgnP5ZQz3iLP9vBQJtEgc116OAoQ==
      ;;
    Linux-aarch64) package=@deno/linux-arm64-glibc ;;
    Darwin-x86_64) package=@deno/darwin-x64 ;;
    Darwin-arm64) package=@deno/darwin-arm64 ;;
    *) fail "Cannot install Deno: there is no build for $(uname -s) on $(uname -m)" \
      "use Linux (x86_64, aarch64) or macOS" ;;
  esac
}

# Sets `deno` to the pinned runtime, installing it when it is not there.
ensure_deno() {
  if [ "$(id -u)" = 0 ]; then runtime=$SYSTEM_RUNTIME; else runtime=$HOME/.bot-bottle/runtime; fi
  for folder in "$SYSTEM_RUNTIME" "$runtime"; do
    deno=$folder/deno-$DENO_VERSION/deno
    if [ -x "$deno" ]; then return; fi
  done
  have npm || fail "Cannot install Deno $DENO_VERSION: there is no npm" \
    "install Node.js with npm (on Debian: apt-get install npm), then run this script again"
  choose_package
  say "installing Deno $DENO_VERSION from npm ($package) in $runtime: bot-bottle runs on it"
  if [ -z "$digest" ]; then
    say "no digest is pinned for this platform; npm checks the download against its registry"
  fi
  mkdir -p "$runtime"
  scratch=$(mktemp -d "$runtime/.new-XXXXXX")
  (cd "$scratch" && npm pack --loglevel=error --no-update-notifier "$package@$DENO_VERSION" >/dev/null) ||
    fail "Cannot download $package@$DENO_VERSION: npm failed as shown above" \
      "check the network and npm's settings (npm ping), then run this script again"
  check_digest "$scratch"/*.tgz
  tar -xzf "$scratch"/*.tgz -C "$scratch"
  chmod 755 "$scratch" "$scratch/package/deno"
  "$scratch/package/deno" --version >/dev/null 2>&1 ||
    fail "Cannot run Deno $DENO_VERSION: it does not start on this machine" \
      "it needs glibc 2.27 or newer; musl systems such as Alpine are not supported"
  mv "$scratch/package" "$scratch/ready"
  rm -rf "$runtime/deno-$DENO_VERSION"
  mv "$scratch/ready" "$runtime/deno-$DENO_VERSION"
  rm -rf "$scratch"
  scratch=
}

check_digest() {
  if [ -z "$digest" ]; then return; fi
  found=$(node -e 'const text = require("fs").readFileSync(process.argv[1]);
    console.log("sha512-" + require("crypto").createHash("sha512").update(text).digest("base64"));' \
    "$1")
  if [ "$found" != "$digest" ]; then
    fail "Cannot use the Deno that was downloaded: its digest is $found" \
      "expected $digest; something between here and npm changed it, so nothing was installed"
  fi
}

# Deno trusts only its own roots unless told otherwise; npm often was told already, e.g. of the
# certificate of a company's inspecting proxy or of a registry of one's own.
use_npm_network() {
  export DENO_TLS_CA_STORE="${DENO_TLS_CA_STORE:-mozilla,system}"
  have npm || return 0
  if [ -z "${DENO_CERT:-}" ]; then
    bundle=${NODE_EXTRA_CA_CERTS:-$(npm config get cafile 2>/dev/null || true)}
    if [ -n "$bundle" ] && [ -r "$bundle" ]; then export DENO_CERT="$bundle"; fi
  fi
  if [ -z "${NPM_CONFIG_REGISTRY:-}" ]; then
    NPM_CONFIG_REGISTRY=$(npm config get registry 2>/dev/null || true)
    if [ -z "$NPM_CONFIG_REGISTRY" ]; then unset NPM_CONFIG_REGISTRY; else export NPM_CONFIG_REGISTRY; fi
  fi
}

deno_here() { (cd "$ROOT" && "$deno" "$@"); }

ensure_dependencies() {
  if deno_here install --quiet --frozen --cached-only >/dev/null 2>&1; then return; fi
  say "fetching the libraries that deno.lock names from npm: checked against their digests there"
  use_npm_network
  deno_here install --quiet --frozen </dev/null >&2 ||
    fail "Cannot fetch the libraries: Deno failed as shown above" \
      "check the network; behind an inspecting proxy set DENO_CERT to its certificate (PEM)"
}

# --- the command ------------------------------------------------------------------------------

ensure_command() {
  if [ "$(id -u)" = 0 ]; then bin=/usr/local/bin; else bin=$HOME/.local/bin; fi
  link=$bin/bot-bottle
  if [ "$(readlink "$link" 2>/dev/null || true)" = "$ROOT/bot-bottle" ]; then return; fi
  if [ -e "$link" ] && [ ! -L "$link" ]; then
    fail "Cannot put bot-bottle on the PATH: $link is there and is not this program's link" \
      "move that file away, then run this script again"
  fi
  say "linking $link to $ROOT/bot-bottle: so that \"bot-bottle\" is a command"
  mkdir -p "$bin"
  ln -sfn "$ROOT/bot-bottle" "$link"
  case ":$PATH:" in
    *":$bin:"*) ;;
    *) say "note: $bin is not on your PATH; add it to use \"bot-bottle\" from anywhere" ;;
  esac
}

# --- the container engine ---------------------------------------------------------------------

engine() { deno_here run -A --no-prompt --frozen tools/engine.ts "$@"; }

ensure_engine() {
  code=0
  reason=$(engine ping 2>&1) || code=$?
  if [ "$code" = 0 ]; then return; fi
  if [ "$code" = 3 ]; then
    fail "$reason" "sudo usermod -aG docker $(id -un), then log in again (this equals root rights)"
  fi
  if [ -n "${DOCKER_HOST:-}" ]; then
    fail "$reason" "correct or unset DOCKER_HOST, then run this script again"
  fi
  if [ "$(uname -s)" != Linux ]; then
    fail "$reason" "start Docker Desktop or another engine, then run this script again"
  fi
  if ! have dockerd && [ ! -x /usr/sbin/dockerd ]; then
    apt_install "no container engine answers; bottles run in one" docker.io
  fi
  if engine ping >/dev/null 2>&1; then return; fi
  start_engine
}

start_engine() {
  need_root "start the container engine"
  if [ -d /run/systemd/system ]; then
    say "starting the container engine: systemctl start docker"
    as_root systemctl start docker || fail "Cannot start the engine: systemctl failed" \
      "look at: journalctl -u docker"
    await_engine
    return
  fi
  say "starting the container engine: dockerd in the background, log in $DOCKERD_LOG"
  forget_dead /var/run/docker.pid dockerd
  forget_dead /var/run/docker/containerd/containerd.pid containerd
  # Its own session, so that neither Ctrl-C nor the end of this terminal stops it.
  # shellcheck disable=SC2016 # the inner shell expands these
  starting=$(as_root sh -c \
    'PATH=$PATH:/usr/sbin:/sbin; setsid dockerd >>"$1" 2>&1 </dev/null & echo $!' sh "$DOCKERD_LOG")
  await_engine
  starting=
}

# forget_dead PIDFILE PROGRAM: an engine that was killed leaves its process number behind, and does
# not start again while any other process happens to have that number.
forget_dead() {
  pid=$(as_root cat "$1" 2>/dev/null) || return 0
  if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != "$2" ]; then as_root rm -f "$1"; fi
}

await_engine() {
  tries=60
  while ! reason=$(engine ping 2>&1); do
    tries=$((tries - 1))
    if [ "$tries" = 0 ] || { [ -n "$starting" ] && [ ! -d "/proc/$starting" ]; }; then
      as_root tail -n 5 "$DOCKERD_LOG" >&2 || true
      fail "$reason" "the engine was started but does not answer; look at $DOCKERD_LOG"
    fi
    sleep 0.5
  done
}

ensure_images() {
  if base_images check 2>/dev/null; then return; fi
  say "fetching the base images debian:bookworm-slim and node:22-slim: bottles are built on them"
  if base_images pull; then return; fi
  say "no container registry answers, so the base images are built from Debian and npm"
  if ! have mmdebstrap; then
    apt_install "builds a Debian base image without a registry" mmdebstrap
  fi
  if [ "$(id -u)" != 0 ] && ! have newuidmap; then
    apt_install "lets mmdebstrap work without root" uidmap
  fi
  base_images build || fail "Cannot make the base images: see above" \
    "check that Debian's mirror and npm answer, then run this script again"
}

base_images() { deno_here run -A --no-prompt --frozen tools/base_images.ts "$@" >&2; }

# --- tests ------------------------------------------------------------------------------------

ensure_test_tools() {
  missing=
  for pair in curl:curl docker:docker.io git:git openssl:openssl ps:procps script:bsdutils; do
    if ! have "${pair%%:*}"; then missing="$missing ${pair#*:}"; fi
  done
  # shellcheck disable=SC2086 # a list of package names
  if [ -n "$missing" ]; then apt_install "tests use them" $missing; fi
}

mode=${1:-demo}
case "$mode" in
  demo | --test | --no-demo) ;;
  -h | --help) usage && exit 0 ;;
  *) usage >&2 && exit 2 ;;
esac

ensure_deno
ensure_dependencies
ensure_engine
ensure_images
ensure_command
case "$mode" in
  --test)
    ensure_test_tools
    use_npm_network
    say "running all checks and tests: deno task ok"
    deno_here task --quiet ok </dev/null
    ;;
  demo)
    say "done; running: bot-bottle demo"
    "$ROOT/bot-bottle" demo
    ;;
  *) say "done" ;;
esac
