# shellcheck shell=bash disable=SC2034 # read by the other parts
# What every step uses: strictness, one way to fail, writes that change nothing twice, retries.
# MUSTER_ROOT prefixes every path that is read or written, so that tests run in a throw-away root.
set -Eeuo pipefail
shopt -s inherit_errexit
umask 022

MUSTER_ROOT=${MUSTER_ROOT:-}
STATE=$MUSTER_ROOT/var/lib/muster
PHASE=start
CHANGED=0

say() { printf 'muster: %s\n' "$*"; }

tell_console() {
  { printf 'muster: %s\n' "$*" >>"$MUSTER_ROOT/dev/console"; } 2>/dev/null || true
}

# Ends the boot: the reason goes to the console (the cloud shows it without a login), to stderr and to a file.
# Status 99 means that the reason has been told, so that a subshell's parent does not tell a vaguer one.
fail() {
  trap - ERR
  local reason="$PHASE: $*"
  printf 'muster: FAILED at %s\n' "$reason" >&2
  tell_console "FAILED at $reason"
  {
    mkdir -p "$STATE"
    rm -f "$STATE/started"
    printf '%s\n' "$reason" >"$STATE/failed"
  } 2>/dev/null || true
  exit 99
}

# BASH_COMMAND is the text before expansion: it holds names of variables, never their values.
on_error() {
  (($1 != 99)) || exit 99
  fail "line $2 of ${3##*/}: \"$4\" ended with status $1"
}
trap 'on_error "$?" "$LINENO" "${BASH_SOURCE[0]}" "$BASH_COMMAND"' ERR

# put PATH MODE TEXT: writes only what differs and then sets CHANGED. TEXT is an argument of a function, not of a
# process, so a secret in it is not seen in /proc.
put() {
  local path=$MUSTER_ROOT$1 temporary
  if [[ -f $path && $(stat -c %a "$path") == "${2#0}" && $(<"$path") == "$3" ]]; then return 0; fi
  mkdir -p "${path%/*}" || fail "cannot make the folder of $1"
  temporary=$(mktemp "$path.XXXXXX") || fail "cannot write to the folder of $1"
  printf '%s\n' "$3" >"$temporary" || fail "cannot write $1: is the disk full?"
  chmod "$2" "$temporary"
  mv -f "$temporary" "$path"
  CHANGED=1
}

# retry ATTEMPTS COMMAND...: pauses 1, 2, 4... seconds plus as much again at random, so that a fleet spreads out.
retry() {
  local left=$1 pause=1
  shift
  until "$@"; do
    left=$((left - 1))
    ((left > 0)) || return 1
    sleep "$((pause + RANDOM % (pause + 1)))"
    pause=$((pause * 2))
  done
}

has_sum() { [[ -f $1 && $(sha256sum <"$1") == "$2 "* ]]; }

# download URL FILE SHA256: a file with another sum is never left behind, and is not asked for twice.
download() {
  local url=$1 file=$2 sum=$3 got
  if has_sum "$file" "$sum"; then return 0; fi
  mkdir -p "${file%/*}" || fail "cannot make the folder of $file"
  retry 5 curl -fsSL --proto '=http,https' --connect-timeout 10 -m 600 -o "$file.part" "$url" ||
    fail "could not download $url in 5 attempts"
  got=$(sha256sum <"$file.part")
  if [[ $got != "$sum "* ]]; then
    rm -f "$file.part"
    fail "$url has SHA-256 ${got%% *}, the configuration says $sum: nothing was installed"
  fi
  mv -f "$file.part" "$file"
}

# json_string NAME: the first string of that name in the JSON on stdin, unescaped. Enough for the four answers that
# are read here, and spares a machine jq.
json_string() {
  local json pattern value
  json=$(cat)
  pattern="\"$1\"[[:space:]]*:[[:space:]]*\"(([^\"\\\\]|\\\\.)*)\""
  [[ $json =~ $pattern ]] || return 1
  value=${BASH_REMATCH[1]}
  # %b does not know escaped quotes and slashes; a pair of backslashes is kept apart from what follows it.
  value=${value//\\\\/\\x5c}
  value=${value//\\\"/\"}
  printf '%b' "${value//\\\///}"
}

# Sets TOOL. What may fail is never called within an argument or a case: there bash goes on.
find_package_tool() {
  for TOOL in apt-get dnf yum; do
    if command -v "$TOOL" >/dev/null; then return 0; fi
  done
  fail 'neither apt-get nor dnf nor yum is here: bake Docker and Mesos into the image'
}

# unattended-upgrades holds the lock for a while on a first boot.
apt() { DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@"; }

refresh_packages() {
  find_package_tool
  if [[ $TOOL != apt-get ]]; then return 0; fi
  retry 5 apt update || fail 'apt-get update failed 5 times: is the mirror reachable?'
}

install_packages() {
  find_package_tool
  say "installing $*"
  case $TOOL in
    apt-get) retry 5 apt install -y --no-install-recommends "$@" ;;
    *) retry 5 "$TOOL" install -y "$@" ;;
  esac || fail "$TOOL could not install $* in 5 attempts"
}
