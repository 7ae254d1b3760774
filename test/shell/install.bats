#!/usr/bin/env bats
load machine

setup() {
  new_machine
  on_aws
  configure aws-baked AUTH=
}

sum_of() { sha256sum <"$1" | cut -d' ' -f1; }
package() {
  echo 'a package of mesos' >"$STUB/download"
  configure aws-baked AUTH= SOURCE_KIND=package SOURCE_URL=https://example.com/mesos_1.11.deb SOURCE_SHA256="${1:-$(sum_of "$STUB/download")}"
}
tarball() {
  mkdir -p "$STUB/tree/usr/local/sbin" "$STUB/tree/usr/local/lib"
  cp "$STUB/mesos-agent" "$STUB/tree/usr/local/sbin/mesos-agent"
  tar -czf "$STUB/download" -C "$STUB/tree" .
  configure aws-tarball SOURCE_SHA256="$(sum_of "$STUB/download")"
}

@test "Docker is installed where there is none, with rotated logs and the store that Mesos can read" {
  baked
  rm "$BIN/docker"
  boots
  called 'install -y --no-install-recommends docker.io'
  called 'systemctl enable --now docker'
  grep -q '"max-size": "50m"' "$MUSTER_ROOT/etc/docker/daemon.json"
  grep -q '"containerd-snapshotter": false' "$MUSTER_ROOT/etc/docker/daemon.json"
}

@test "an operator's own daemon.json stands" {
  baked
  rm "$BIN/docker"
  mkdir -p "$MUSTER_ROOT/etc/docker"
  echo '{}' >"$MUSTER_ROOT/etc/docker/daemon.json"
  boots
  [ "$(cat "$MUSTER_ROOT/etc/docker/daemon.json")" = '{}' ]
}

@test "a package manager that fails now and then is asked again" {
  baked
  rm "$BIN/docker"
  echo 3 >"$STUB/apt-fails"
  boots
  [ "$(grep -c 'apt-get.* update' "$STUB/calls")" = 4 ]
}

@test "a package manager that goes on failing is a failure" {
  baked
  rm "$BIN/docker"
  echo 99 >"$STUB/apt-fails"
  fails_with 'docker: apt-get update failed 5 times'
}

@test "Docker is not made up where the distribution has none" {
  baked
  rm "$BIN/docker"
  printf 'ID="rocky"\n' >"$MUSTER_ROOT/etc/os-release"
  fails_with 'the repositories of "rocky" have no Docker: bake it into the image'
}

@test "baked: an image without Mesos is a failure" {
  fails_with 'mesos.source is "baked", but this image has no mesos-agent or mesos-slave'
}

@test "baked: the old name of the binary will do" {
  cp "$STUB/mesos-agent" "$MUSTER_ROOT/usr/sbin/mesos-slave"
  boots
  grep -qx 'ExecStart=/usr/sbin/mesos-slave' "$MUSTER_ROOT/etc/systemd/system/muster-agent.service"
}

@test "baked: an agent that does not run is a failure" {
  printf '#!/bin/bash\nexit 127\n' >"$MUSTER_ROOT/usr/sbin/mesos-agent"
  chmod +x "$MUSTER_ROOT/usr/sbin/mesos-agent"
  fails_with 'mesos: /usr/sbin/mesos-agent does not run'
}

@test "package: installed when its sum is right, once the vendor's units are masked" {
  package
  boots
  mask=$(grep -n 'systemctl mask --now --quiet mesos-agent.service' "$STUB/calls" | cut -d: -f1)
  install=$(grep -n 'apt-get.* install .*mesos_1.11.deb' "$STUB/calls" | cut -d: -f1)
  [ "$mask" -lt "$install" ]
  called libsasl2-modules
}

@test "package: another sum installs nothing and leaves nothing" {
  package "$(printf 'f%.0s' {1..64})"
  fails_with 'nothing was installed'
  [ "$(grep -c 'apt-get' "$STUB/calls")" = 0 ]
  [ ! -e "$MUSTER_ROOT/usr/sbin/mesos-agent" ]
  [ -z "$(find "$MUSTER_ROOT/var/lib/muster/downloads" -type f)" ]
}

@test "package: an address that does not answer is asked five times" {
  package
  rm "$STUB/download"
  fails_with 'could not download https://example.com/mesos_1.11.deb in 5 attempts'
  [ "$(grep -c 'curl.*mesos_1.11.deb' "$STUB/calls")" = 5 ]
}

@test "tarball: unpacked into a folder of its own and run from there" {
  tarball
  boots
  home=$(cd "$MUSTER_ROOT" && echo opt/mesos-*)
  grep -qx "ExecStart=/$home/usr/local/sbin/mesos-agent" "$MUSTER_ROOT/etc/systemd/system/muster-agent.service"
  [ "$(setting_of LD_LIBRARY_PATH)" = "/$home/usr/local/lib" ]
  [ "$(setting_of MESOS_LAUNCHER_DIR)" = "/$home/usr/local/libexec/mesos" ]
  [ "$(setting_of MESOS_DEFAULT_ROLE)" = batch ]
}

@test "tarball: not asked for again" {
  tarball
  boots
  rm "$STUB/download"
  boots
}

@test "tarball: another sum is a failure" {
  tarball
  configure aws-tarball
  fails_with 'the configuration says a2f1c0de'
  [ -z "$(find "$MUSTER_ROOT" -path '*/opt/*')" ]
}

@test "tarball: one without an agent is a failure" {
  mkdir -p "$STUB/tree/bin"
  tar -czf "$STUB/download" -C "$STUB/tree" .
  configure aws-tarball SOURCE_SHA256="$(sum_of "$STUB/download")"
  fails_with 'holds no mesos-agent or mesos-slave'
}

@test "repository: added with its pinned key, and its packages installed" {
  configure aws-baked AUTH= SOURCE_KIND=repository SOURCE_URL=https://example.com/apt \
    SOURCE_KEY=/etc/muster/mesos-repository.asc SOURCE_PACKAGES='mesos=1.11.0-2.0.1 other'
  boots
  [ "$(cat "$MUSTER_ROOT/etc/apt/sources.list.d/muster-mesos.list")" = \
    'deb [signed-by=/etc/muster/mesos-repository.asc] https://example.com/apt bookworm main' ]
  called 'install -y --no-install-recommends mesos=1.11.0-2.0.1 other'
}

@test "repository: a key by address is fetched" {
  echo 'a key' >"$STUB/download"
  configure aws-baked AUTH= SOURCE_KIND=repository 'SOURCE_URL=https://example.com/apt ./' \
    SOURCE_KEY=https://example.com/key.asc SOURCE_PACKAGES=mesos
  boots
  [ "$(cat "$MUSTER_ROOT/etc/muster/mesos-repository.asc")" = 'a key' ]
  grep -q 'https://example.com/apt ./$' "$MUSTER_ROOT/etc/apt/sources.list.d/muster-mesos.list"
}

@test "image: pulled once and run in a privileged container with every setting" {
  configure aws-baked AUTH= SOURCE_KIND=image SOURCE_IMAGE=example.com/mesos@sha256:00ff
  boots
  unit=$MUSTER_ROOT/etc/systemd/system/muster-agent.service
  grep -q '^ExecStart=/usr/bin/docker run .*--privileged --net=host --pid=host .*-e MESOS_ATTRIBUTES .*example.com/mesos@sha256:00ff -c' "$unit"
  grep -q '^ExecStop=/usr/bin/docker stop -t 20 muster-agent$' "$unit"
  [ "$(setting_of MESOS_SYSTEMD_ENABLE_SUPPORT)" = false ]
  [ "$(setting_of MESOS_DOCKER_MESOS_IMAGE)" = example.com/mesos@sha256:00ff ]
  boots
  [ "$(grep -c 'docker pull' "$STUB/calls")" = 1 ]
}

@test "image: one that cannot be pulled is a failure" {
  touch "$STUB/pull-fails"
  configure aws-baked AUTH= SOURCE_KIND=image SOURCE_IMAGE=example.com/mesos
  fails_with 'could not pull example.com/mesos in 5 attempts'
}

@test "cgroup v2 with Apache Mesos is refused with the cure that this systemd allows" {
  baked
  touch "$MUSTER_ROOT/sys/fs/cgroup/cgroup.controllers"
  fails_with 'boot the image with systemd.unified_cgroup_hierarchy=0, or use clusterd'
  echo 257 >"$STUB/systemd-version"
  fails_with 'SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1'
  echo 259 >"$STUB/systemd-version"
  fails_with 'use an image with systemd below 258'
}

@test "cgroup v2 with clusterd runs without systemd's hierarchy" {
  baked
  touch "$MUSTER_ROOT/sys/fs/cgroup/cgroup.controllers"
  echo clusterd >"$MUSTER_ROOT/etc/muster/mesos-flavour"
  boots
  [ "$(setting_of MESOS_SYSTEMD_ENABLE_SUPPORT)" = false ]
  [[ $(setting_of MESOS_ISOLATION) == cgroups/all,* ]]
}

@test "clusterd is known by its package" {
  baked
  touch "$MUSTER_ROOT/sys/fs/cgroup/cgroup.controllers" "$STUB/dpkg-query"
  boots
}

@test "Docker 26 and later speaks the last API that Apache Mesos can read" {
  baked
  boots
  [ "$(setting_of DOCKER_API_VERSION)" = '' ]
  echo 26.1.5 >"$STUB/docker-version"
  boots
  [ "$(setting_of DOCKER_API_VERSION)" = 1.44 ]
}

@test "images in containerd's store are refused" {
  baked
  echo '[["driver-type","io.containerd.snapshotter.v1"]]' >"$STUB/docker-store"
  fails_with 'set features.containerd-snapshotter to false'
}

@test "a machine without a package manager is told to bake" {
  rm "$BIN/apt-get" "$BIN/docker"
  baked
  fails_with 'neither apt-get nor dnf nor yum is here'
  [ ! -e "$MUSTER_ROOT/etc/yum.repos.d" ]
}

@test "repository: added for dnf where there is no apt-get" {
  mv "$BIN/apt-get" "$BIN/dnf"
  configure aws-baked AUTH= SOURCE_KIND=repository SOURCE_URL=https://example.com/el9 SOURCE_PACKAGES=mesos-1.11.0 \
    SOURCE_KEY=/etc/muster/mesos-repository.asc
  boots
  grep -qx 'baseurl=https://example.com/el9' "$MUSTER_ROOT/etc/yum.repos.d/muster-mesos.repo"
  grep -qx 'gpgkey=file:///etc/muster/mesos-repository.asc' "$MUSTER_ROOT/etc/yum.repos.d/muster-mesos.repo"
  grep -qx 'gpgcheck=1' "$MUSTER_ROOT/etc/yum.repos.d/muster-mesos.repo"
}
