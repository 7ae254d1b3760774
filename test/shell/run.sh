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

# With cloud-init's own code for write_files, and its own reader of YAML.
unpacked_by_cloud_init() {
  local file=test/bootstrap/golden/aws-baked.yaml unpacked
  unpacked=$(/usr/bin/python3 - "$file" <<'EOF'
import json, sys, yaml
from cloudinit.config.cc_write_files import canonicalize_extraction, extract_contents
files = {f["path"]: f for f in yaml.safe_load(open(sys.argv[1]))["write_files"]}
json.loads(files["/etc/muster/agent.json"]["content"])
script = files["/usr/local/lib/muster/boot.sh"]
assert script["permissions"] == "0755", script["permissions"]
sys.stdout.buffer.write(extract_contents(script["content"], canonicalize_extraction(script["encoding"])))
EOF
  ) && bash -n <<<"$unpacked" && [[ $unpacked == '#!/usr/bin/env bash'* ]]
}

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
  if /usr/bin/python3 -c 'import cloudinit, yaml' 2>/dev/null; then
    check 'cloud-init unpacks the script that was rendered' unpacked_by_cloud_init
  else
    skip 'cloud-init unpacks the script' 'its Python module is not found by /usr/bin/python3'
  fi
else
  skip 'cloud-init' 'cloud-init is not installed'
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
