#!/bin/sh
# Installs Debian's Chromium, which the tests of the HTML report (test/browser) drive. They look for
# /usr/bin/chromium, or for the program that the environment variable CHROMIUM names, and are skipped without one.
# Asks for root by sudo where it is not root already. Installs nothing where a Chromium is there.
set -eu

chromium=${CHROMIUM:-/usr/bin/chromium}
if [ -x "$chromium" ]; then
  echo "Chromium is there: $chromium"
  exit 0
fi
if ! command -v apt-get > /dev/null; then
  echo "This system has no apt-get: install Chromium or Chrome and set CHROMIUM to its path." >&2
  exit 2
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then as_root=sudo; fi
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium
echo "Installed: $(command -v chromium)"
