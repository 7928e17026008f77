#!/bin/sh
# Makes sure that the browser tests find Chromium, or says in one line how to get it; never fails.
set -u
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Chromium for the browser tests."
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null && exit 0
fi
echo "The browser tests are skipped: there is no Chromium. Get it with:  sudo apt-get install chromium"
exit 0
