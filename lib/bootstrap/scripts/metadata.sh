# shellcheck shell=bash disable=SC2034,SC2153 # set and read by the other parts
# Who am I? Asks the cloud's metadata service and sets CLOUD REGION ZONE INSTANCE_ID INSTANCE_TYPE LIFECYCLE IP.
# The cloud is known by its firmware: probing both services with retries takes seconds. A proxy of the operator's must
# not swallow link-local addresses, and tokens go in by stdin because every task on the host can read /proc/*/cmdline.

IMDS=http://169.254.169.254/latest
GCE_METADATA=http://metadata.google.internal/computeMetadata/v1

link_local() {
  curl -fsS --noproxy '*' --connect-timeout 2 -m 5 --retry 5 --retry-connrefused --retry-delay 1 "$@"
}

imds() {
  printf 'X-aws-ec2-metadata-token: %s\n' "$IMDS_TOKEN" | link_local -H @- "$IMDS/$1" ||
    fail "the metadata service did not give $1"
}

gce() {
  link_local -H 'Metadata-Flavor: Google' "$GCE_METADATA/$1" || fail "the metadata service did not give $1"
}

detect_cloud() {
  local vendor='' uuid=''
  vendor=$(cat "$MUSTER_ROOT/sys/class/dmi/id/sys_vendor" 2>/dev/null || true)
  uuid=$(cat "$MUSTER_ROOT/sys/hypervisor/uuid" 2>/dev/null || true)
  case $vendor/$uuid in
    'Amazon EC2'/* | */ec2*) CLOUD=aws ;;
    Google*/*) CLOUD=gce ;;
    *) fail "the firmware names neither Amazon EC2 nor Google (sys_vendor is \"$vendor\")" ;;
  esac
}

aws_metadata() {
  IMDS_TOKEN=$(link_local -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 600' "$IMDS/api/token") ||
    fail 'the metadata service gave no session token: is it enabled for this instance?'
  INSTANCE_ID=$(imds meta-data/instance-id)
  INSTANCE_TYPE=$(imds meta-data/instance-type)
  REGION=$(imds meta-data/placement/region)
  ZONE=$(imds meta-data/placement/availability-zone)
  LIFECYCLE=$(imds meta-data/instance-life-cycle)
  IP=$(imds meta-data/local-ipv4)
}

# The numeric id of an instance would become a scalar and lose digits; its name is unique in project and zone.
gce_metadata() {
  local preemptible
  INSTANCE_ID=$(gce instance/name)
  INSTANCE_TYPE=$(gce instance/machine-type)
  INSTANCE_TYPE=${INSTANCE_TYPE##*/}
  ZONE=$(gce instance/zone)
  ZONE=${ZONE##*/}
  REGION=${ZONE%-*}
  preemptible=$(gce instance/scheduling/preemptible)
  LIFECYCLE=on-demand
  if [[ $preemptible == TRUE ]]; then LIFECYCLE=spot; fi
  IP=$(gce instance/network-interfaces/0/ip)
}

# Mesos makes a scalar of whatever C++ reads as a double, deletes spaces, and dies of an empty value.
check_word() {
  local number='^[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|0[xX][0-9a-fA-F.pP+-]+|[iI][nN][fF].*|[nN][aA][nN].*)$'
  [[ $2 =~ ^[A-Za-z0-9_/.-]+$ ]] || fail "the metadata service gave \"$2\" as $1"
  if [[ $2 =~ $number ]]; then fail "$1 is \"$2\", which Mesos would register as a number"; fi
}

read_metadata() {
  PHASE=metadata
  detect_cloud
  [[ $CLOUD == "$MUSTER_CLOUD" ]] || fail "this machine is on $CLOUD, pool $MUSTER_POOL is on $MUSTER_CLOUD"
  "${CLOUD}_metadata"
  check_word zone "$ZONE"
  check_word instance_id "$INSTANCE_ID"
  check_word instance_type "$INSTANCE_TYPE"
  check_word lifecycle "$LIFECYCLE"
  [[ $REGION == "$MUSTER_REGION" ]] || fail "this machine is in $REGION, pool $MUSTER_POOL is in $MUSTER_REGION"
  [[ $IP =~ ^[0-9]+(\.[0-9]+){3}$ ]] || fail "the metadata service gave \"$IP\" as the private address"
  say "$INSTANCE_ID is a $LIFECYCLE $INSTANCE_TYPE in $ZONE"
}
