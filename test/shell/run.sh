#!/usr/bin/env bash
# The suites that need more than Node: shellcheck, bats, and cloud-init's own check of what is rendered. What is not
# installed is skipped, and says so. Ends with `N passed, N failed, N skipped`.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
passed=0 failed=0 skipped=0

check() {
  local name=$1
  shift
  if "$@"; then
    echo "ok   $name"
    passed=$((passed + 1))
  else
    echo "FAIL $name"
    failed=$((failed + 1))
  fi
}

skip() {
  echo "skip $1: $2"
  skipped=$((skipped + 1))
}

installed() { command -v "$1" >/dev/null; }

same_language() { ((BASH_VERSINFO[0] > 4 || (BASH_VERSINFO[0] == 4 && BASH_VERSINFO[1] >= 4))); }

if installed shellcheck; then
  check 'shellcheck: the bootstrap' shellcheck -x -a -P SCRIPTDIR lib/bootstrap/scripts/*.sh
  check 'shellcheck: the shell suites' shellcheck test/shell/run.sh test/shell/machine.bash test/shell/stubs/*
else
  skip shellcheck 'shellcheck is not installed'
fi

if installed cloud-init; then
  for file in test/bootstrap/golden/*.yaml; do
    check "cloud-init schema: $file" cloud-init schema --config-file "$file"
  done
else
  skip 'cloud-init schema' 'cloud-init is not installed'
fi

if ! installed bats; then
  skip bats 'bats is not installed'
elif ! same_language; then
  skip bats "the bootstrap needs bash 4.4, this is $BASH_VERSION"
elif ! installed flock; then
  skip bats 'flock (util-linux) is not installed'
else
  report=$(bats --tap test/shell 2>&1)
  echo "$report"
  passed=$((passed + $(grep -c '^ok ' <<<"$report")))
  skips=$(grep -c '^ok .* # skip' <<<"$report")
  passed=$((passed - skips)) skipped=$((skipped + skips))
  failed=$((failed + $(grep -c '^not ok ' <<<"$report")))
  # A suite that could not be read has no line of its own.
  if ! grep -q '^1\.\.' <<<"$report"; then failed=$((failed + 1)); fi
fi

echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
