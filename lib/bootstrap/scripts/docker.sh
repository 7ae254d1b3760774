# shellcheck shell=bash disable=SC2034,SC2153 # set and read by the other parts
# Finds or installs Docker, and refuses the pairs of host and Mesos that are known to end in a crash loop.

# Written only where there is none: an operator's own file stands. Mesos cannot read images of the containerd store,
# which new installations of Docker 29 use unless told otherwise.
DAEMON='{
  "live-restore": true,
  "log-driver": "json-file",
  "log-opts": { "max-size": "50m", "max-file": "3" },
  "features": { "containerd-snapshotter": false }
}'

os_field() {
  local line
  line=$(grep -m1 "^$1=" "$MUSTER_ROOT/etc/os-release" || true)
  line=${line#*=}
  printf '%s' "${line//\"/}"
}

install_docker() {
  local os
  os=$(os_field ID)
  if [[ ! -e $MUSTER_ROOT/etc/docker/daemon.json ]]; then put /etc/docker/daemon.json 0644 "$DAEMON"; fi
  case $os in
    debian | ubuntu)
      refresh_packages
      install_packages docker.io
      ;;
    amzn | fedora) install_packages docker ;;
    *) fail "the repositories of \"$os\" have no Docker: bake it into the image" ;;
  esac
}

ensure_docker() {
  PHASE=docker
  if ! command -v docker >/dev/null; then install_docker; fi
  if ! systemctl is-active --quiet docker; then systemctl enable --now docker || fail 'docker.service does not start'; fi
  DOCKER_VERSION=$(retry 5 docker version --format '{{.Server.Version}}') || fail 'the Docker daemon does not answer'
  say "Docker $DOCKER_VERSION"
}

# Docker images are never collected by Mesos.
write_prune_units() {
  put /etc/systemd/system/muster-prune.service 0644 "[Unit]
Description=Remove Docker images that no container has used for a day
[Service]
Type=oneshot
ExecStart=/usr/bin/env docker image prune -af --filter until=24h"
  put /etc/systemd/system/muster-prune.timer 0644 "[Unit]
Description=Hourly removal of unused Docker images
[Timer]
OnBootSec=1h
OnUnitActiveSec=1h
RandomizedDelaySec=10m
[Install]
WantedBy=timers.target"
}

# `clusterd` is the maintained fork, with cgroup v2 and new Docker; everything else is taken for Apache Mesos. An image
# with a clusterd of its own building says so in /etc/muster/mesos-flavour.
mesos_flavour() {
  local marked
  marked=$(cat "$MUSTER_ROOT/etc/muster/mesos-flavour" 2>/dev/null || true)
  case "$marked $MUSTER_SOURCE_URL $MUSTER_SOURCE_PACKAGES $MUSTER_SOURCE_IMAGE" in
    *clusterd* | *aventer-mesos*)
      printf clusterd
      return 0
      ;;
  esac
  if dpkg-query -W aventer-mesos >/dev/null 2>&1 || rpm -q aventer-mesos >/dev/null 2>&1; then
    printf clusterd
  else
    printf apache
  fi
}

refuse_cgroup2() {
  local systemd
  systemd=$(systemctl --version 2>/dev/null | head -n1 || true)
  systemd=${systemd#systemd }
  systemd=${systemd%% *}
  local cure='boot the image with systemd.unified_cgroup_hierarchy=0'
  if [[ $systemd =~ ^[0-9]+$ ]]; then
    if ((systemd >= 258)); then cure="use an image with systemd below 258 (this one is $systemd and has no cgroup v1)"; fi
    if ((systemd == 256 || systemd == 257)); then cure+=' and SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1'; fi
  fi
  fail "this host has cgroup v2, on which the Docker containerizer of Apache Mesos exits at start: $cure, or use clusterd"
}

# Sets CGROUP, FLAVOUR and DOCKER_API (empty: whatever the command line tool speaks).
check_host() {
  PHASE=host
  local major=${DOCKER_VERSION%%.*} store
  FLAVOUR=$(mesos_flavour)
  DOCKER_API=''
  CGROUP=1
  if [[ -e $MUSTER_ROOT/sys/fs/cgroup/cgroup.controllers ]]; then CGROUP=2; fi
  if [[ $FLAVOUR == clusterd ]]; then return 0; fi
  if [[ $CGROUP == 2 ]]; then refuse_cgroup2; fi
  [[ -e $MUSTER_ROOT/sys/fs/cgroup/cpu ]] || fail 'no cgroup v1 hierarchy is mounted at /sys/fs/cgroup/cpu'
  [[ $major =~ ^[0-9]+$ ]] || fail "Docker calls itself \"$DOCKER_VERSION\", which is no version"
  # From API 1.45 on an inspected image has no ContainerConfig, without which Apache Mesos starts nothing.
  if ((major >= 26)); then DOCKER_API=1.44; fi
  store=$(docker info --format '{{json .DriverStatus}}')
  if [[ $store == *io.containerd.snapshotter* ]]; then
    fail 'Docker keeps its images in containerd, where Apache Mesos cannot read them: set features.containerd-snapshotter to false in daemon.json, or use clusterd'
  fi
}
