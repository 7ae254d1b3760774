# shellcheck shell=bash disable=SC2034,SC2153 # set and read by the other parts
# Fetches the agent's credential by reference. The secret lives in shell variables, in pipes and in one file of mode
# 0600: never in an argument, which every task on the host could read in /proc.

# curl signs the session token's header from 7.88 on (seen to work); 7.81 leaves it out and is refused.
curl_signs() {
  local version
  version=$(curl --version | head -n1)
  version=${version#curl }
  local major=${version%%.*} minor=${version#*.}
  minor=${minor%%.*}
  [[ $major =~ ^[0-9]+$ && $minor =~ ^[0-9]+$ ]] && ((major > 7 || (major == 7 && minor >= 88)))
}

# One signed call; the answer's body, then its status on a line of its own.
ask_ssm() {
  local role keys id secret token
  role=$(imds meta-data/iam/security-credentials/)
  [[ $role =~ ^[A-Za-z0-9+=,.@_-]+$ ]] || fail "this machine has no instance profile, which reading $MUSTER_AUTH needs"
  keys=$(imds "meta-data/iam/security-credentials/$role")
  id=$(printf '%s' "$keys" | json_string AccessKeyId)
  secret=$(printf '%s' "$keys" | json_string SecretAccessKey)
  token=$(printf '%s' "$keys" | json_string Token)
  [[ "$id$secret$token" =~ ^[A-Za-z0-9/+=]+$ ]] || fail "the keys of role $role have an unknown form"
  printf 'user = "%s:%s"\nheader = "x-amz-security-token: %s"\n' "$id" "$secret" "$token" |
    curl -K - -sS -m 10 -w '\n%{http_code}' --aws-sigv4 "aws:amz:$1:ssm" -H 'Content-Type: application/x-amz-json-1.1' \
      -H 'X-Amz-Target: AmazonSSM.GetParameter' -d "{\"Name\":\"$2\",\"WithDecryption\":true}" "https://ssm.$1.$3/" || true
}

# All agents of an account share 40 calls a second, so a storm of boots is throttled and asks again.
read_ssm() {
  local name=${MUSTER_AUTH#ssm:} region=$REGION domain answer status left=7 pause=1
  if [[ $name == arn:*:ssm:*:parameter/* ]]; then
    region=$(cut -d: -f4 <<<"$name")
    name=/${name#*:parameter/}
  fi
  curl_signs || fail 'reading SSM needs curl 7.88 or newer (older ones do not sign the session token): bake one in'
  domain=$(imds meta-data/services/domain)
  while :; do
    answer=$(ask_ssm "$region" "$name" "$domain")
    status=${answer##*$'\n'}
    if [[ $status == 200 ]]; then break; fi
    left=$((left - 1))
    if ((left == 0)) || [[ $status == 4* && $answer != *Throttling* ]]; then
      fail "SSM answered $status to a read of $name in $region: $(printf '%s' "$answer" | json_string __type || true)"
    fi
    sleep "$((pause + RANDOM % (pause + 1)))"
    pause=$((pause * 2))
  done
  printf '%s' "$answer" | json_string Value || fail "SSM's answer for $name has no value"
}

read_gcp() {
  local name=${MUSTER_AUTH#gcp:} token answer
  if [[ $name != */versions/* ]]; then name+=/versions/latest; fi
  token=$(gce instance/service-accounts/default/token)
  token=$(printf '%s' "$token" | json_string access_token)
  answer=$(printf 'Authorization: Bearer %s\n' "$token" |
    curl -fsS -m 10 --retry 5 -H @- "https://secretmanager.googleapis.com/v1/$name:access") ||
    fail "Secret Manager did not give $name: has the machine's service account secretmanager.versions.access?"
  printf '%s' "$answer" | json_string data | base64 -d
}

escape_json() {
  local text=${1//\\/\\\\}
  printf '%s' "${text//\"/\\\"}"
}

# The value is {"principal", "secret"} or principal:secret.
write_credential() {
  PHASE=credential
  local value principal secret
  case $MUSTER_AUTH in
    '') return 0 ;;
    ssm:*) value=$(read_ssm) ;;
    gcp:*) value=$(read_gcp) ;;
    *) fail 'mesos.auth is a reference of a kind that a machine cannot read' ;;
  esac
  case $value in
    '{'*)
      principal=$(printf '%s' "$value" | json_string principal) || fail "$MUSTER_AUTH has no field principal"
      secret=$(printf '%s' "$value" | json_string secret) || fail "$MUSTER_AUTH has no field secret"
      ;;
    *:*)
      principal=${value%%:*}
      secret=${value#*:}
      ;;
    *) fail "$MUSTER_AUTH is neither principal:secret nor JSON with both: an agent cannot use a bearer token" ;;
  esac
  put /etc/muster/credential.json 0600 \
    "{\"principal\":\"$(escape_json "$principal")\",\"secret\":\"$(escape_json "$secret")\"}"
}
