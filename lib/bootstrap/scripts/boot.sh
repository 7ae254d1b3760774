#!/usr/bin/env bash
# What a new machine runs: from cloud-init once, and from muster-bootstrap.service at every start after that. It may be
# run again at any time: a second run changes nothing and restarts nothing.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=base.sh
. "$here/base.sh"
# shellcheck source=metadata.sh
. "$here/metadata.sh"
# shellcheck source=docker.sh
. "$here/docker.sh"
# shellcheck source=mesos.sh
. "$here/mesos.sh"
# shellcheck source=credential.sh
. "$here/credential.sh"
# shellcheck source=agent.sh
. "$here/agent.sh"

# cloud-init and the unit can meet on a first boot of an image that was made from one of our machines.
take_turn() {
  mkdir -p "$MUSTER_ROOT/run/muster" "$STATE" || fail 'cannot make /run/muster and /var/lib/muster'
  exec 9>>"$MUSTER_ROOT/run/muster/boot.lock"
  flock -w 900 9 || fail 'another bootstrap has been running for 15 minutes'
}

read_configuration() {
  PHASE=configuration
  local file=$MUSTER_ROOT/etc/muster/agent.env name
  [[ -r $file ]] || fail '/etc/muster/agent.env is not there: did cloud-init write it?'
  # shellcheck source=/dev/null
  . "$file"
  for name in CLUSTER POOL CLOUD REGION ATTRIBUTES ROLE BOOTSTRAP SOURCE_KIND; do
    name=MUSTER_$name
    [[ -n ${!name:-} ]] || fail "/etc/muster/agent.env does not set $name"
  done
  [[ -n ${MUSTER_ZK:-}${MUSTER_MASTERS:-} ]] || fail '/etc/muster/agent.env names no Mesos master'
  say "bootstrap $MUSTER_BOOTSTRAP of pool $MUSTER_POOL in cluster $MUSTER_CLUSTER"
}

main() {
  take_turn
  read_configuration
  if ! command -v curl >/dev/null; then
    refresh_packages
    install_packages curl ca-certificates
  fi
  read_metadata
  check_clock
  ensure_docker
  ensure_mesos
  check_host
  CHANGED=0
  write_credential
  CREDENTIAL_CHANGED=$CHANGED
  settle_identity
  bound_the_journal
  start_agent
  await_registration
  put /var/lib/muster/started 0644 "bootstrap=$MUSTER_BOOTSTRAP
instance_id=$INSTANCE_ID
docker=$DOCKER_VERSION
mesos=$MESOS_VERSION"
  rm -f "$STATE/failed"
  tell_console "bootstrap $MUSTER_BOOTSTRAP done: $INSTANCE_ID runs an agent of pool $MUSTER_POOL"
}

main "$@"
