#!/usr/bin/env bats
load machine

setup() {
  new_machine
  on_aws
  echo agent >"$BATS_TEST_TMPDIR/role"
  # The listing of roles is a folder here: the stub reads the address with its slash.
  sed -i 's|^case $url in|case $url in\n  */security-credentials/) cat "$STUB/../role" 2>/dev/null \|\| exit 22 ;;|' "$BIN/curl"
  baked
  configure aws-baked
}

answer() { printf '{"Parameter":{"ARN":"a","Name":"n","Type":"SecureString","Value":"%s","Version":1}}\n200' "$1"; }

@test "is written for root alone, and no argument and no output ever showed it" {
  answer 'agent:s3cr:et/%s' >"$STUB/ssm"
  boots
  file=$MUSTER_ROOT/etc/muster/credential.json
  [ "$(stat -c %a "$file")" = 600 ]
  [ "$(cat "$file")" = '{"principal":"agent","secret":"s3cr:et/%s"}' ]
  [ "$(setting_of MESOS_CREDENTIAL)" = /etc/muster/credential.json ]
  for secret in s3cr key/of+the/ROLE tok//EN; do
    never_called "$secret"
    [[ $output != *"$secret"* ]]
  done
  grep -q 'user = "ASIAEXAMPLE:key/of+the/ROLE"' "$STUB/stdin"
  grep -q 'header = "x-amz-security-token: tok//EN=="' "$STUB/stdin"
  called 'aws:amz:us-east-1:ssm'
  called '"Name":"/muster/prod/mesos-agent","WithDecryption":true'
}

@test "as JSON keeps its quotes and backslashes" {
  printf '%s\n200' '{"Parameter":{"Value":"{\"principal\":\"agent\",\"secret\":\"a\\\"b\\\\c\\\\/d\\u0026\"}"}}' >"$STUB/ssm"
  boots
  [ "$(cat "$MUSTER_ROOT/etc/muster/credential.json")" = '{"principal":"agent","secret":"a\"b\\c\\/d&"}' ]
}

@test "that has not changed restarts nothing, and one that has restarts the agent" {
  answer agent:one >"$STUB/ssm"
  boots
  boots
  [ "$(grep -c 'systemctl restart muster-agent' "$STUB/calls")" = 1 ]
  answer agent:two >"$STUB/ssm"
  boots
  [ "$(grep -c 'systemctl restart muster-agent' "$STUB/calls")" = 2 ]
}

@test "is asked for again when SSM throttles or fails" {
  printf '{"__type":"ThrottlingException","message":"Rate exceeded"}\n400' >"$STUB/ssm-1"
  printf '\n503' >"$STUB/ssm-2"
  printf '\n000' >"$STUB/ssm-3"
  answer agent:secret >"$STUB/ssm"
  boots
  [ "$(cat "$STUB/ssm-turn")" = 4 ]
}

@test "that may not be read is a failure at once" {
  printf '{"__type":"AccessDeniedException"}\n400' >"$STUB/ssm"
  fails_with 'SSM answered 400 to a read of /muster/prod/mesos-agent in us-east-1: AccessDeniedException'
  [ "$(cat "$STUB/ssm-turn")" = 1 ]
}

@test "of another region is asked for there" {
  configure aws-baked AUTH=ssm:arn:aws:ssm:eu-west-1:123456789012:parameter/muster/agent
  answer agent:secret >"$STUB/ssm"
  boots
  called 'aws:amz:eu-west-1:ssm'
  called '"Name":"/muster/agent"'
}

@test "cannot be a bearer token" {
  answer a-token >"$STUB/ssm"
  fails_with 'is neither principal:secret nor JSON with both'
  [[ $output != *a-token* ]]
}

@test "needs an instance profile" {
  rm "$BATS_TEST_TMPDIR/role"
  fails_with 'did not give meta-data/iam/security-credentials/'
}

@test "needs a curl that signs the session token" {
  echo 7.81.0 >"$STUB/curl-version"
  fails_with 'reading SSM needs curl 7.88 or newer'
}

@test "on Google comes from Secret Manager, with the token by stdin" {
  rm "$MUSTER_ROOT/sys/class/dmi/id/sys_vendor"
  on_gce
  configure gce-repository
  printf '{"name":"n","payload":{"data":"%s"}}' "$(printf agent:s3cret | base64)" >"$STUB/secret"
  boots
  [ "$(cat "$MUSTER_ROOT/etc/muster/credential.json")" = '{"principal":"agent","secret":"s3cret"}' ]
  called 'https://secretmanager.googleapis.com/v1/projects/acme/secrets/mesos-agent/versions/latest:access'
  never_called ya29.token
}
