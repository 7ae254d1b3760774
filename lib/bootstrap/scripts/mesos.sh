# shellcheck shell=bash disable=SC2034,SC2153 # set and read by the other parts
# Finds or installs Mesos from the configured source and sets AGENT_COMMAND, MESOS_PREFIX and MESOS_VERSION.
# There is no public repository that can be relied on, so there is no default.

find_agent() {
  local folder name
  for folder in "$@"; do
    for name in mesos-agent mesos-slave; do
      if [[ -x $MUSTER_ROOT$folder/$name ]]; then
        AGENT_COMMAND=$folder/$name
        return 0
      fi
    done
  done
  return 1
}

find_installed_agent() { find_agent /usr/sbin /usr/local/sbin /usr/bin /usr/local/bin /opt/mesos/sbin /opt/mesos/bin; }

# Vendors' packages start their own units with defaults; ours has another name.
mask_vendor_units() {
  local unit
  for unit in mesos-agent mesos-slave mesos-master; do
    if [[ ! -L $MUSTER_ROOT/etc/systemd/system/$unit.service ]]; then systemctl mask --now --quiet "$unit.service"; fi
  done
}

# Libraries that packages of Mesos use and do not name. Their names differ between releases: what the index knows is
# installed. Agents cannot authenticate without libsasl2-modules.
install_libraries() {
  local wanted=() name
  find_package_tool
  case $TOOL in
    apt-get)
      for name in libsasl2-modules libsvn1 libapr1 libapr1t64 libcurl4 libcurl4t64 libunwind8; do
        if apt-cache show "$name" >/dev/null 2>&1; then wanted+=("$name"); fi
      done
      ;;
    *) wanted=(cyrus-sasl-md5 subversion-libs apr) ;;
  esac
  if ((${#wanted[@]} > 0)); then install_packages "${wanted[@]}"; fi
}

add_apt_repository() {
  local line=$MUSTER_SOURCE_URL key=/etc/muster/mesos-repository.asc
  if [[ $line != *' '* ]]; then line+=" $(os_field VERSION_CODENAME) main"; fi
  case $MUSTER_SOURCE_KEY in
    '') put /etc/apt/sources.list.d/muster-mesos.list 0644 "deb $line" ;;
    *) put /etc/apt/sources.list.d/muster-mesos.list 0644 "deb [signed-by=$key] $line" ;;
  esac
}

add_rpm_repository() {
  local key=''
  if [[ -n $MUSTER_SOURCE_KEY ]]; then key='gpgkey=file:///etc/muster/mesos-repository.asc'; fi
  put /etc/yum.repos.d/muster-mesos.repo 0644 "[muster-mesos]
name=Mesos
baseurl=$MUSTER_SOURCE_URL
gpgcheck=1
$key"
}

# A key that is pinned in the configuration is already there; a key by address is fetched once.
fetch_repository_key() {
  local key=$MUSTER_ROOT/etc/muster/mesos-repository.asc
  if [[ $MUSTER_SOURCE_KEY != https://* || -s $key ]]; then return 0; fi
  retry 5 curl -fsSL --proto '=https' -m 60 -o "$key.part" "$MUSTER_SOURCE_KEY" ||
    fail "could not download the repository's key $MUSTER_SOURCE_KEY"
  mv -f "$key.part" "$key"
}

from_repository() {
  local packages
  read -ra packages <<<"$MUSTER_SOURCE_PACKAGES"
  if find_installed_agent; then return 0; fi
  fetch_repository_key
  find_package_tool
  case $TOOL in
    apt-get) add_apt_repository ;;
    *) add_rpm_repository ;;
  esac
  refresh_packages
  mask_vendor_units
  install_libraries
  install_packages "${packages[@]}"
  find_installed_agent || fail "${packages[*]} was installed, but there is no mesos-agent or mesos-slave"
}

from_package() {
  local file="$STATE/downloads/${MUSTER_SOURCE_URL##*/}"
  if find_installed_agent; then return 0; fi
  download "$MUSTER_SOURCE_URL" "$file" "$MUSTER_SOURCE_SHA256"
  refresh_packages
  mask_vendor_units
  install_libraries
  install_packages "$file"
  find_installed_agent || fail "$MUSTER_SOURCE_URL was installed, but there is no mesos-agent or mesos-slave"
}

# A tree as `make install DESTDIR=` leaves it, under any prefix. A folder of its own for each sum: the link changes last.
from_tarball() {
  local home=/opt/mesos-${MUSTER_SOURCE_SHA256:0:12} file="$STATE/downloads/mesos.tar" binary
  if [[ ! -e $MUSTER_ROOT$home ]]; then
    download "$MUSTER_SOURCE_URL" "$file" "$MUSTER_SOURCE_SHA256"
    refresh_packages
    install_libraries
    rm -rf "$MUSTER_ROOT$home.part"
    mkdir -p "$MUSTER_ROOT$home.part" || fail 'cannot write to /opt'
    tar -xf "$file" -C "$MUSTER_ROOT$home.part" || fail "cannot unpack $MUSTER_SOURCE_URL: is the disk full?"
    mv "$MUSTER_ROOT$home.part" "$MUSTER_ROOT$home"
    rm -f "$file"
  fi
  binary=$(find "$MUSTER_ROOT$home" \( -name mesos-agent -o -name mesos-slave \) -path '*bin/*' -print -quit)
  [[ -n $binary ]] || fail "$MUSTER_SOURCE_URL holds no mesos-agent or mesos-slave"
  AGENT_COMMAND=${binary#"$MUSTER_ROOT"}
  MESOS_PREFIX=${AGENT_COMMAND%/*/*}
}

from_image() {
  if ! docker image inspect "$MUSTER_SOURCE_IMAGE" >/dev/null 2>&1; then
    retry 5 docker pull -q "$MUSTER_SOURCE_IMAGE" || fail "could not pull $MUSTER_SOURCE_IMAGE in 5 attempts"
  fi
  AGENT_COMMAND=$MUSTER_SOURCE_IMAGE
  MESOS_VERSION="in $MUSTER_SOURCE_IMAGE"
}

ensure_mesos() {
  PHASE=mesos
  AGENT_COMMAND=''
  MESOS_PREFIX=''
  MESOS_VERSION=''
  case $MUSTER_SOURCE_KIND in
    baked)
      find_installed_agent || fail 'mesos.source is "baked", but this image has no mesos-agent or mesos-slave'
      mask_vendor_units
      ;;
    repository | package | tarball | image) "from_$MUSTER_SOURCE_KIND" ;;
    *) fail "mesos.source.kind is \"$MUSTER_SOURCE_KIND\", which this bootstrap does not know" ;;
  esac
  if [[ $MUSTER_SOURCE_KIND != image ]]; then
    MESOS_VERSION=$(LD_LIBRARY_PATH=${MESOS_PREFIX:+$MUSTER_ROOT$MESOS_PREFIX/lib} "$MUSTER_ROOT$AGENT_COMMAND" --version) ||
      fail "$AGENT_COMMAND does not run: $(ldd "$MUSTER_ROOT$AGENT_COMMAND" 2>/dev/null | grep 'not found' | tr -s '\t\n' ' ' || true)"
  fi
  say "Mesos: $MESOS_VERSION"
}
