# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by the scripts here and tests/run: installs what is missing, builds.
# Quick when there is nothing to do.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${VLM_BUILD_DIR:-$root/build}

packages_build=(
  gcc g++ meson ninja-build pkg-config python3 glslang-tools
  libglib2.0-dev libjson-glib-dev libpcre2-dev libvulkan-dev
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev
  gobject-introspection libgirepository1.0-dev
  libcairo2-dev libpango1.0-dev libgdk-pixbuf-2.0-dev libsqlite3-dev
  libmosquitto-dev librdkafka-dev libcurl4-openssl-dev
  libjpeg62-turbo-dev libxml2-dev
)
packages_run=(
  mesa-vulkan-drivers gstreamer1.0-tools gstreamer1.0-plugins-base
  gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-libav
  gstreamer1.0-x fonts-dejavu-core python3-gi gir1.2-gstreamer-1.0
)
packages_test=(
  vulkan-validationlayers python3-numpy gir1.2-gst-plugins-base-1.0
  libgstrtspserver-1.0-dev gir1.2-gst-rtsp-server-1.0 python3-jsonschema
  mosquitto mosquitto-clients openssl gstreamer1.0-opencv
  gi-docgen bash-completion mandoc chromium
)
# libFuzzer is in libclang-rt-dev (Debian 12) or comes with clang
packages_fuzz=(clang libclang-rt-dev)

say() {
  printf '==> %s\n' "$*" >&2
}

# Prints the packages of the arguments that are not installed.
missing_packages() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" \
    2>/dev/null | sed -n 's/^installed //p' || true)
  for package in "$@"; do
    grep -qxF "$package" <<<"$installed" || echo "$package"
  done
}

# install_packages PACKAGE…: with apt if this user may, else prints the command.
install_packages() {
  local missing as_root=()
  if ! command -v dpkg-query >/dev/null; then
    say "not a Debian system: make sure these are there: $*"
    return
  fi
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" -ne 0 ]; then
    if sudo -n true 2>/dev/null; then
      as_root=(sudo)
    else
      local sudo=""
      if command -v sudo >/dev/null; then
        sudo="sudo "
        say "these packages are missing; run this line and try again:"
      else
        say "these packages are missing; run this line as root and try again:"
      fi
      echo "${sudo}apt-get update && ${sudo}apt-get install -y" \
        "--no-install-recommends ${missing[*]}" >&2
      exit 1
    fi
  fi
  say "installing ${#missing[@]} packages: ${missing[*]}"
  # sudo drops the environment: apt must get this on its own line
  as_root+=(env DEBIAN_FRONTEND=noninteractive)
  "${as_root[@]}" apt-get update -qq \
    || say "apt-get update failed; going on with the lists that are there"
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null
}

# build_project [MESON OPTION…]
build_project() {
  local log
  mkdir -p "$build"
  log=$build/setup.log
  if [ ! -f "$build/build.ninja" ]; then
    say "configuring"
    if ! meson setup "$build" "$root" "$@" >"$log" 2>&1; then
      tail -20 "$log" >&2
      exit 1
    fi
    echo "$*" >"$build/setup.options"
  elif [ $# -gt 0 ] && [ "$*" != "$(cat "$build/setup.options" 2>/dev/null)" ]
  then
    meson configure "$build" "$@"
    echo "$*" >"$build/setup.options"
  fi
  say "building"
  # ninja's own progress on a terminal, silence else, everything on failure
  if [ -t 2 ]; then
    ninja -C "$build" >&2
  elif ! ninja -C "$build" >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
  fi
}

# Lets GStreamer and Python find what was built, without installing it.
use_build() {
  # shellcheck source=/dev/null
  source "$build/pipelines/env.sh"
}

# Of the example scripts.

# show_help WORD…: prints the comment on top of the script, if help is requested.
show_help() {
  local word
  for word in "$@"; do
    case $word in
      --) break ;;
      -h | --help)
        sed -n '3,/^$/s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    esac
  done
}

# run_program NAME WORD…: pipelines/programs/NAME.py, with the build, or else with
# what is installed.
run_program() {
  local name=$1
  shift
  show_help "$@"
  [ ! -e "$build/gst-plugin/libgstvlm.so" ] || use_build
  # Debian's Python: it has the bindings, others may not
  exec /usr/bin/python3 -B "$root/pipelines/programs/$name.py" "$0" "$@"
}
