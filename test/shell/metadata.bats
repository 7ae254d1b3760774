#!/usr/bin/env bats
load machine

setup() {
  new_machine
  on_aws
  baked
  configure aws-baked AUTH=
}

@test "a machine on Google is named by its name, because its number would be rounded" {
  rm "$MUSTER_ROOT/sys/class/dmi/id/sys_vendor"
  on_gce
  configure gce-repository AUTH=
  boots
  [ "$(setting_of MESOS_ATTRIBUTES)" = "cloud:gce;region:europe-west1;pool:web-eu;rack:b-7;zone:europe-west1-b;instance_id:web-eu-7f3a;lifecycle:spot;instance_type:n2-standard-4" ]
}

@test "firmware of neither cloud is a failure" {
  echo QEMU >"$MUSTER_ROOT/sys/class/dmi/id/sys_vendor"
  fails_with 'names neither Amazon EC2 nor Google (sys_vendor is "QEMU")'
}

@test "a metadata service that does not answer is a failure" {
  rm -r "$STUB/imds"
  fails_with 'metadata: the metadata service gave no session token'
}

@test "an item that the metadata service lacks is named" {
  rm "$STUB/imds/meta-data/instance-life-cycle"
  fails_with 'metadata: the metadata service did not give meta-data/instance-life-cycle'
}

@test "a machine in another region than its pool's is a failure" {
  echo eu-west-1 >"$STUB/imds/meta-data/placement/region"
  fails_with 'this machine is in eu-west-1, pool web is in us-east-1'
}

@test "a machine on another cloud than its pool's is a failure" {
  on_gce
  fails_with 'this machine is on gce, pool web is on aws'
}

@test "an id that Mesos would take for a number is a failure" {
  for id in 4520031799277581759 12e5 0x1f inf .5; do
    echo "$id" >"$STUB/imds/meta-data/instance-id"
    fails_with "instance_id is \"$id\", which Mesos would register as a number"
  done
}

@test "a page in the place of an answer is a failure" {
  echo '<html>proxy error</html>' >"$STUB/imds/meta-data/instance-id"
  fails_with 'gave "<html>proxy error</html>" as instance_id'
}

@test "no call to a metadata service goes through a proxy or shows its token" {
  boots
  run grep '169.254.169.254' "$STUB/calls"
  [ "${#lines[@]}" -ge 7 ]
  for line in "${lines[@]}"; do [[ $line == *"--noproxy *"* ]]; done
  never_called session-token
  grep -q 'X-aws-ec2-metadata-token: session-token' "$STUB/stdin"
}
