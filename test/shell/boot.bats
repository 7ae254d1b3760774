#!/usr/bin/env bats
load machine

setup() {
  new_machine
  on_aws
  baked
  configure aws-baked AUTH=
}

@test "a new machine starts an agent that says who it is" {
  boots
  [ "$(setting_of MESOS_ATTRIBUTES)" = "cloud:aws;region:us-east-1;pool:web;rack:2;storage:ssd;tier:compute;zone:us-east-1a;instance_id:i-0abc123;lifecycle:spot;instance_type:m7i.xlarge" ]
  [ "$(setting_of MESOS_MASTER)" = "zk://10.0.0.10:2181,10.0.1.10:2181,10.0.2.10:2181/mesos" ]
  [ "$(setting_of MESOS_HOSTNAME)" = 10.0.3.4 ]
  [ "$(setting_of MESOS_HOSTNAME_LOOKUP)" = false ]
  [ "$(setting_of MESOS_ADVERTISE_IP)" = 10.0.3.4 ]
  [ "$(setting_of MESOS_EXECUTOR_REGISTRATION_TIMEOUT)" = 5mins ]
  [ "$(setting_of MESOS_SYSTEMD_ENABLE_SUPPORT)" = true ]
  called 'systemctl restart muster-agent'
  called 'systemctl enable --quiet muster-bootstrap'
  grep -qx 'instance_id=i-0abc123' "$MUSTER_ROOT/var/lib/muster/started"
  grep -q 'done: i-0abc123 runs an agent of pool web' "$MUSTER_ROOT/dev/console"
}

@test "a second run changes nothing and restarts nothing" {
  boots
  before=$(picture)
  : >"$STUB/calls"
  sleep 0.02
  boots
  [ "$(picture)" = "$before" ]
  run grep -E 'systemctl (start|restart|enable|mask|daemon-reload|try-restart)|apt-get|docker pull' "$STUB/calls"
  [ "$output" = '' ]
}

@test "after a restart of the machine the agent is started and not set up anew" {
  boots
  rm -r "$STUB/units"
  : >"$STUB/calls"
  before=$(picture)
  boots
  [ "$(picture)" = "$before" ]
  called 'systemctl start muster-agent'
  never_called daemon-reload
}

@test "another address of the masters restarts the agent once" {
  boots
  : >"$STUB/calls"
  configure aws-baked AUTH= ZK=zk://10.0.9.9:2181/mesos
  boots
  [ "$(grep -c 'systemctl restart muster-agent' "$STUB/calls")" = 1 ]
  [ "$(setting_of MESOS_MASTER)" = zk://10.0.9.9:2181/mesos ]
}

@test "quotes, dollars and backslashes in a value reach the agent as they are" {
  value='note:"a$b`c\d'"'"'e'
  configure aws-baked AUTH= ATTRIBUTES="$value"
  boots
  [ "$(setting_of MESOS_ATTRIBUTES)" = "$value;zone:us-east-1a;instance_id:i-0abc123;lifecycle:spot;instance_type:m7i.xlarge" ]
}

faultless_units() {
  mkdir -p "$BATS_TEST_TMPDIR/units"
  for unit in muster-agent.service muster-bootstrap.service muster-prune.service muster-prune.timer; do
    sed -e 's|^\(Exec[A-Za-z]*=-\{0,1\}\)[^ ]*|\1/bin/true|' -e '/^EnvironmentFile=/d' "$MUSTER_ROOT/etc/systemd/system/$unit" >"$BATS_TEST_TMPDIR/units/$unit"
  done
  run systemd-analyze verify "$BATS_TEST_TMPDIR"/units/*
  # Settings that systemd ignores are only warned about, with status 0: a line about one of ours is a fault.
  ours=$(grep "$BATS_TEST_TMPDIR/units\|^muster-" <<<"$output" || true)
  [ "$ours" = '' ] || { echo "$ours"; false; }
  grep -qx KillMode=process "$MUSTER_ROOT/etc/systemd/system/muster-agent.service"
}

@test "systemd finds no fault in the units, be the agent a program or a container" {
  command -v systemd-analyze >/dev/null || skip 'systemd-analyze is not installed'
  boots
  faultless_units
  configure aws-baked AUTH= SOURCE_KIND=image SOURCE_IMAGE=example.com/mesos
  boots
  faultless_units
}

@test "without its configuration it fails" {
  rm "$MUSTER_ROOT/etc/muster/agent.env"
  fails_with 'configuration: /etc/muster/agent.env is not there'
}

@test "a variable that is missing is named" {
  sed -i '/MUSTER_POOL/d' "$MUSTER_ROOT/etc/muster/agent.env"
  fails_with 'does not set MUSTER_POOL'
}

@test "a folder that cannot be written to is named" {
  mkdir -p "$MUSTER_ROOT/etc/systemd"
  : >"$MUSTER_ROOT/etc/systemd/journald.conf.d"
  fails_with 'cannot make the folder of /etc/systemd/journald.conf.d/muster.conf'
}

@test "without a place for its own state it still tells the console" {
  mkdir -p "$MUSTER_ROOT/var/lib"
  : >"$MUSTER_ROOT/var/lib/muster"
  boot
  [ "$status" != 0 ]
  grep -q 'FAILED at start: cannot make /run/muster and /var/lib/muster' "$MUSTER_ROOT/dev/console"
}

@test "what nobody foresaw is told with its line and command" {
  touch "$STUB/systemctl-fails-daemon-reload"
  fails_with '"systemctl daemon-reload" ended with status 1'
}

@test "an agent that does not register is a failure with its last words, and goes on trying" {
  printf '{"slave\\/registered":0.0}\n200' >"$STUB/metrics"
  fails_with 'Failed to detect a master'
  [ -e "$STUB/units/muster-agent" ]
}

@test "success after a failure leaves no failure behind" {
  printf '{"slave\\/registered":0.0}\n200' >"$STUB/metrics"
  fails_with 'has not registered'
  rm "$STUB/metrics"
  boots
  [ ! -e "$MUSTER_ROOT/var/lib/muster/failed" ]
  [ -e "$MUSTER_ROOT/var/lib/muster/started" ]
}

@test "metrics behind a login are no failure" {
  printf '\n401' >"$STUB/metrics"
  boots
  [[ $output == *'cannot be read without a login'* ]]
}

@test "a clock that is not synchronised is a warning on the console" {
  echo no >"$STUB/clock"
  boots
  grep -q 'the clock is not synchronised' "$MUSTER_ROOT/dev/console"
}

@test "state that came with the image is removed" {
  mkdir -p "$MUSTER_ROOT/var/lib/mesos/meta/slaves/old" "$MUSTER_ROOT/var/lib/muster"
  echo 'i-0fff 00ff' >"$MUSTER_ROOT/var/lib/muster/identity"
  boots
  [ ! -e "$MUSTER_ROOT/var/lib/mesos/meta" ]
  [[ $(cat "$MUSTER_ROOT/var/lib/muster/identity") == 'i-0abc123 '* ]]
}

@test "its own state survives a second run" {
  boots
  mkdir -p "$MUSTER_ROOT/var/lib/mesos/meta/slaves/latest"
  boots
  [ -d "$MUSTER_ROOT/var/lib/mesos/meta/slaves/latest" ]
}

@test "changed attributes are refused while tasks may run" {
  boots
  configure aws-baked AUTH= 'ATTRIBUTES=cloud:aws;region:us-east-1;pool:web;rack:3'
  fails_with 'drain this machine first'
}

@test "changed attributes begin a new agent id once nothing runs" {
  boots
  rm -r "$STUB/units"
  mkdir -p "$MUSTER_ROOT/var/lib/mesos/meta/slaves/S0"
  ln -s S0 "$MUSTER_ROOT/var/lib/mesos/meta/slaves/latest"
  configure aws-baked AUTH= 'ATTRIBUTES=cloud:aws;region:us-east-1;pool:web;rack:3'
  boots
  [ ! -L "$MUSTER_ROOT/var/lib/mesos/meta/slaves/latest" ]
  [ -d "$MUSTER_ROOT/var/lib/mesos/meta/slaves/S0" ]
}

@test "left-over executors count as tasks" {
  boots
  rm -r "$STUB/units"
  touch "$STUB/pgrep"
  configure aws-baked AUTH= 'ATTRIBUTES=cloud:aws;region:us-east-1;pool:web;rack:3'
  fails_with 'drain this machine first'
}
