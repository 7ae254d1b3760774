# shellcheck shell=bash disable=SC2034,SC2153 # set and read by the other parts
# Writes the agent's settings, starts it under systemd, and waits until a master has it.

WORK=/var/lib/mesos
PORT=5051

# In a file of systemd's, in double quotes, four characters need a backslash.
setting() {
  local value=${2//\\/\\\\}
  value=${value//\"/\\\"}
  value=${value//\$/\\\$}
  value=${value//\`/\\\`}
  SETTINGS+="${SETTINGS:+$'\n'}$1=\"$value\""
}

all_attributes() {
  printf '%s;zone:%s;instance_id:%s;lifecycle:%s;instance_type:%s' \
    "$MUSTER_ATTRIBUTES" "$ZONE" "$INSTANCE_ID" "$LIFECYCLE" "$INSTANCE_TYPE"
}

# The linux launcher and systemd's hierarchy are cgroup v1's; the fork has a version 2 of its own.
isolation_settings() {
  local systemd=false
  if [[ $CGROUP == 1 ]]; then
    setting MESOS_ISOLATION cgroups/cpu,cgroups/mem
    if [[ -d $MUSTER_ROOT/sys/fs/cgroup/systemd && $MUSTER_SOURCE_KIND != image ]]; then systemd=true; fi
  else
    setting MESOS_ISOLATION cgroups/all,disk/du,network/cni,filesystem/linux,docker/runtime,volume/sandbox_path,volume/secret,posix/rlimits,namespaces/pid,linux/capabilities
  fi
  setting MESOS_SYSTEMD_ENABLE_SUPPORT "$systemd"
}

# The host name is the address: Marathon checks health by it, and the names of one cloud mean nothing in another. A
# lookup at start is the commonest cause of an agent that never registers. Images are pulled within the executor's time.
write_settings() {
  SETTINGS=''
  setting MESOS_MASTER "${MUSTER_ZK:-$MUSTER_MASTERS}"
  setting MESOS_WORK_DIR "$WORK"
  setting MESOS_PORT "$PORT"
  setting MESOS_IP "$IP"
  setting MESOS_ADVERTISE_IP "$IP"
  setting MESOS_HOSTNAME "$IP"
  setting MESOS_HOSTNAME_LOOKUP false
  setting MESOS_ATTRIBUTES "$(all_attributes)"
  setting MESOS_DEFAULT_ROLE "$MUSTER_ROLE"
  if [[ -n $MUSTER_RESOURCES ]]; then setting MESOS_RESOURCES "$MUSTER_RESOURCES"; fi
  setting MESOS_CONTAINERIZERS docker,mesos
  setting MESOS_EXECUTOR_REGISTRATION_TIMEOUT 5mins
  setting MESOS_DOCKER_REMOVE_DELAY 1hrs
  setting MESOS_DOCKER_STORE_DIR "$WORK/store/docker"
  isolation_settings
  if [[ -n $DOCKER_API ]]; then setting DOCKER_API_VERSION "$DOCKER_API"; fi
  if [[ -n $MUSTER_AUTH ]]; then setting MESOS_CREDENTIAL /etc/muster/credential.json; fi
  if [[ -n $MESOS_PREFIX ]]; then
    setting LD_LIBRARY_PATH "$MESOS_PREFIX/lib"
    setting MESOS_LAUNCHER_DIR "$MESOS_PREFIX/libexec/mesos"
  fi
  if [[ $MUSTER_SOURCE_KIND == image ]]; then setting MESOS_DOCKER_MESOS_IMAGE "$MUSTER_SOURCE_IMAGE"; fi
  put /etc/muster/mesos-agent.env 0644 "$SETTINGS"
}

# docker takes the values from its own environment by their names, so they are quoted once only.
start_lines() {
  local docker names
  if [[ $MUSTER_SOURCE_KIND != image ]]; then
    printf 'ExecStart=%s' "$AGENT_COMMAND"
    return 0
  fi
  docker=/usr/bin/docker
  names=$(sed -n 's/^\([A-Z_]*\)=.*/-e \1/p' <<<"$SETTINGS" | tr '\n' ' ')
  printf 'ExecStartPre=-%s rm -f muster-agent\n' "$docker"
  printf 'ExecStart=%s run --rm --name muster-agent --privileged --net=host --pid=host ' "$docker"
  printf -- '-v /sys/fs/cgroup:/sys/fs/cgroup -v /var/run/docker.sock:/var/run/docker.sock -v %s:%s ' "$docker" "$docker"
  printf -- '-v %s:%s -v /etc/muster:/etc/muster:ro %s--entrypoint sh %s ' "$WORK" "$WORK" "$names" "$AGENT_COMMAND"
  # shellcheck disable=SC2016 # expanded by the shell in the container
  printf -- '-c "exec $$(command -v mesos-agent || command -v mesos-slave)"\n'
  printf 'ExecStop=%s stop -t 20 muster-agent' "$docker"
}

# KillMode=process: executors outlive a restart of the agent, and their tasks with them. The agent itself is started by
# the bootstrap alone, so that a machine made from this one's image never joins under this one's name.
write_agent_unit() {
  local start
  start=$(start_lines)
  put /etc/systemd/system/muster-agent.service 0644 "[Unit]
Description=Mesos agent of $MUSTER_CLUSTER
Wants=network-online.target
After=network-online.target docker.service
StartLimitIntervalSec=0
[Service]
EnvironmentFile=/etc/muster/mesos-agent.env
$start
KillMode=process
Delegate=true
Restart=always
RestartSec=5
TimeoutStopSec=30
LimitNOFILE=65536
LimitCORE=0
TasksMax=infinity
OOMScoreAdjust=-500"
}

write_bootstrap_unit() {
  put /etc/systemd/system/muster-bootstrap.service 0644 "[Unit]
Description=Bootstrap of a Mesos agent, repeated at every start of the machine
Wants=network-online.target
After=network-online.target docker.service cloud-init.service
ConditionPathExists=/etc/muster/agent.env
[Service]
Type=oneshot
ExecStart=/bin/bash /usr/local/lib/muster/boot.sh
[Install]
WantedBy=multi-user.target"
}

bound_the_journal() {
  CHANGED=0
  put /etc/systemd/journald.conf.d/muster.conf 0644 "[Journal]
SystemMaxUse=1G
MaxRetentionSec=14day"
  if ((CHANGED)); then systemctl try-restart systemd-journald; fi
}

check_clock() {
  local left=15 answer=''
  while ((left > 0)); do
    answer=$(timedatectl show -p NTPSynchronized --value 2>/dev/null || true)
    if [[ $answer == yes ]]; then return 0; fi
    left=$((left - 1))
    sleep 2
  done
  say 'WARNING: the clock is not synchronised; signed requests fail once it is five minutes off'
  tell_console 'WARNING: the clock is not synchronised'
}

has_tasks() {
  systemctl is-active --quiet muster-agent || pgrep -f 'mesos-(docker-)?executor' >/dev/null ||
    [[ -n $(docker ps -q --filter name=^/mesos-) ]]
}

# An agent refuses to start when what it announces differs from what it announced before, and two clones of one image
# would fight for one agent id. Another machine's state is no use here; this machine's may still carry tasks.
settle_identity() {
  PHASE=identity
  local file=$STATE/identity known='' announced
  announced=$(sha256sum <<<"$(all_attributes) $MUSTER_RESOURCES $MUSTER_ROLE $IP $PORT")
  announced="$INSTANCE_ID ${announced%% *}"
  if [[ -f $file ]]; then known=$(<"$file"); fi
  if [[ ${known%% *} != "$INSTANCE_ID" ]]; then
    if [[ -e $MUSTER_ROOT$WORK/meta ]]; then say 'removing the agent state that came with the image'; fi
    rm -rf "$MUSTER_ROOT$WORK/meta" || fail "cannot remove $WORK/meta, another machine's agent state"
  elif [[ $known != "$announced" ]]; then
    if has_tasks; then fail 'the attributes or the address changed while tasks may run: drain this machine first'; fi
    rm -f "$MUSTER_ROOT$WORK/meta/slaves/latest"
  fi
  put /var/lib/muster/identity 0644 "$announced"
}

start_agent() {
  PHASE=agent
  local restart
  mkdir -p "$MUSTER_ROOT$WORK" || fail "cannot make $WORK"
  CHANGED=0
  write_settings
  write_agent_unit
  restart=$((CHANGED || CREDENTIAL_CHANGED))
  write_bootstrap_unit
  write_prune_units
  if ((CHANGED)); then systemctl daemon-reload; fi
  # A restart for new settings keeps the tasks; nothing changed means nothing restarted.
  if ((restart)); then
    systemctl restart muster-agent || fail 'muster-agent.service does not start'
  elif ! systemctl is-active --quiet muster-agent; then
    systemctl start muster-agent || fail 'muster-agent.service does not start'
  fi
  if ! systemctl is-enabled --quiet muster-bootstrap; then systemctl enable --quiet muster-bootstrap; fi
  if ! systemctl is-active --quiet muster-prune.timer; then systemctl enable --quiet --now muster-prune.timer; fi
}

# The metrics need a login where the cluster authenticates readers: then the agent's answer is all that can be known.
await_registration() {
  PHASE=registration
  local left=60 answer
  while ((left > 0)); do
    answer=$(curl --noproxy '*' -sS -m 3 -w '\n%{http_code}' "http://$IP:$PORT/metrics/snapshot" 2>/dev/null || true)
    case $answer in
      *'slave'*'/registered":1'*)
        say 'the agent is registered'
        return 0
        ;;
      *$'\n'40[13])
        say 'the agent runs; whether it is registered cannot be read without a login'
        return 0
        ;;
    esac
    left=$((left - 1))
    sleep 2
  done
  fail "the agent has not registered in two minutes (it goes on trying). Its last words: $(journalctl -u muster-agent -n 20 -o cat --no-pager 2>&1 || true)"
}
