#!/bin/sh
# Reads the upstream addresses once, then serves. A change of address needs a new container, as in many gateways.
set -eu
here=$(dirname "$0")
php "$here/boot.php"

# An own process group, so that the workers can be reached with their parent.
setsid php -S "0.0.0.0:${PORT:-8080}" -t "$here/public" "$here/public/index.php" &
server=$!

# php -S dies at once of TERM; of INT each worker finishes the request that it is in, but drops those that it has
# accepted and not begun. So wait until no connection is open, at most 15 s.
stop() {
  trap '' TERM INT
  open="^ *[0-9]+: [0-9A-F]+:$(printf '%04X' "${PORT:-8080}") [0-9A-F]+:[0-9A-F]+ 01 "
  sleep 0.3
  tries=150
  while [ "$tries" -gt 0 ] && grep -Eq "$open" /proc/net/tcp; do
    tries=$((tries - 1))
    sleep 0.1
  done
  kill -INT "-$server" 2>/dev/null || true
}
trap stop TERM INT

# wait returns early when a signal arrives; go on until the server has ended.
while kill -0 "$server" 2>/dev/null; do
  wait "$server" || true
done
# Workers may outlive their parent by their last request.
while kill -0 "-$server" 2>/dev/null; do
  sleep 0.1
done
