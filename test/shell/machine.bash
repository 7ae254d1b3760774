# shellcheck shell=bash
# A machine in a throw-away folder: MUSTER_ROOT with the files that a bootstrap looks at, and a PATH that holds the stubs
# and no more of the real tools than a small image has. boot.sh comes out of a golden file, so that what is tested is
# what a machine gets.
# shellcheck disable=SC2034,SC2154 # used by the tests; set by bats

REAL_TOOLS='bash sh env cat grep sed head stat mktemp mkdir chmod mv cp ln rm touch flock sha256sum find tar gzip base64 dirname tr cut xz'

new_machine() {
  export MUSTER_ROOT=$BATS_TEST_TMPDIR/root STUB=$BATS_TEST_TMPDIR/stub BIN=$BATS_TEST_TMPDIR/bin
  local tool
  mkdir -p "$MUSTER_ROOT"/{dev,etc/muster,sys/class/dmi/id,sys/fs/cgroup/cpu,sys/fs/cgroup/systemd,usr/sbin} "$STUB" "$BIN"
  cp "$BATS_TEST_DIRNAME"/stubs/* "$BIN"
  mv "$BIN/mesos-agent" "$STUB/mesos-agent"
  cp "$BIN/docker" "$STUB/docker"
  touch "$STUB/calls" "$STUB/stdin"
  for tool in $REAL_TOOLS; do ln -s "$(command -v "$tool")" "$BIN/$tool"; done
  printf 'ID=debian\nVERSION_CODENAME=bookworm\n' >"$MUSTER_ROOT/etc/os-release"
  BOOT=$BATS_TEST_TMPDIR/boot.sh
  unpack_boot >"$BOOT"
}

golden() { printf '%s/../bootstrap/golden/%s.yaml' "$BATS_TEST_DIRNAME" "$1"; }

unpack_boot() { sed -n 's/^ *content: \(H4sI[A-Za-z0-9+/=]*\)$/\1/p' "$(golden aws-baked)" | base64 -d | gzip -d; }

# configure GOLDEN [NAME=VALUE...]: the golden file's agent.env with some of it changed.
configure() {
  local name=$1 change
  shift
  sed -n 's/^ *\(MUSTER_[A-Z0-9_]*=.*\)$/\1/p' "$(golden "$name")" >"$MUSTER_ROOT/etc/muster/agent.env"
  for change in "$@"; do printf 'MUSTER_%s=%q\n' "${change%%=*}" "${change#*=}" >>"$MUSTER_ROOT/etc/muster/agent.env"; done
}

on_aws() {
  local folder=$STUB/imds/meta-data
  mkdir -p "$folder/placement" "$folder/iam/security-credentials" "$folder/services"
  echo 'Amazon EC2' >"$MUSTER_ROOT/sys/class/dmi/id/sys_vendor"
  echo i-0abc123 >"$folder/instance-id"
  echo m7i.xlarge >"$folder/instance-type"
  echo us-east-1 >"$folder/placement/region"
  echo us-east-1a >"$folder/placement/availability-zone"
  echo spot >"$folder/instance-life-cycle"
  echo 10.0.3.4 >"$folder/local-ipv4"
  echo amazonaws.com >"$folder/services/domain"
  echo '{"Code":"Success","AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"key/of+the/ROLE","Token":"tok//EN=="}' \
    >"$folder/iam/security-credentials/agent"
}

on_gce() {
  mkdir -p "$STUB/gce/instance/scheduling" "$STUB/gce/instance/network-interfaces/0" "$STUB/gce/instance/service-accounts/default"
  echo Google >"$MUSTER_ROOT/sys/class/dmi/id/sys_vendor"
  echo web-eu-7f3a >"$STUB/gce/instance/name"
  echo projects/12/machineTypes/n2-standard-4 >"$STUB/gce/instance/machine-type"
  echo projects/12/zones/europe-west1-b >"$STUB/gce/instance/zone"
  echo TRUE >"$STUB/gce/instance/scheduling/preemptible"
  echo 10.9.0.7 >"$STUB/gce/instance/network-interfaces/0/ip"
  echo '{"access_token":"ya29.token","expires_in":3599}' >"$STUB/gce/instance/service-accounts/default/token"
}

baked() { cp "$STUB/mesos-agent" "$MUSTER_ROOT/usr/sbin/mesos-agent"; }

boot() { run env -i PATH="$BIN" MUSTER_ROOT="$MUSTER_ROOT" STUB="$STUB" BIN="$BIN" bash "$BOOT"; }

boots() {
  boot
  [[ $status == 0 ]] || { printf 'ended with %s: %s\n' "$status" "$output"; return 1; }
}

# fails_with TEXT: the boot ends badly and says so to its caller, on the console and in the file.
fails_with() {
  boot
  [[ $status != 0 ]] || { echo 'it did not fail'; return 1; }
  [[ $output == *"$1"* ]] || { printf 'it said: %s\n' "$output"; return 1; }
  grep -qF "$1" "$MUSTER_ROOT/dev/console"
  grep -qF "$1" "$MUSTER_ROOT/var/lib/muster/failed"
  [[ ! -e $MUSTER_ROOT/var/lib/muster/started ]]
}

called() { grep -qF -- "$1" "$STUB/calls"; }
never_called() { ! called "$1"; }

# shellcheck disable=SC1091 # written by the test
# One setting as systemd will hand it to the agent: in double quotes its escapes are a shell's.
setting_of() { (set +u; . "$MUSTER_ROOT/etc/muster/mesos-agent.env"; printf '%s' "${!1}"); }

# Every file with its time and its sum.
picture() { find "$MUSTER_ROOT" -type f -not -path '*/dev/console' -printf '%p %T@ %m\n' | sort; }
