#!/usr/bin/env bash
# How long Bellfounder takes from its process's start to its ready line, and what it holds then, without the embedded
# database. usage: BELL_DATABASE_URL=postgres://… bench/start.sh [rounds]
# Prints for each way of starting the median of the rounds: milliseconds to ready, CPU milliseconds, resident MB after 5 s.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
rounds=${1:-5}
: "${BELL_DATABASE_URL:?name an empty database of a running PostgreSQL}"
: "${JAVA_HOME:?name a JDK 25}"
[ -f "$root/server/target/run/from" ] || { echo "run ./bell up once before, so that all of it is built" >&2; exit 1; }
# One key for all starts, as each has a data directory of its own and the database knows its key.
export BELL_SECURITY_MASTER_KEY=${BELL_SECURITY_MASTER_KEY:-$(od -An -tx1 -N32 /dev/urandom | tr -d ' \n')}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

flags=(-XX:+UseCompactObjectHeaders -XX:MaxDirectMemorySize=512m -Xms64m --enable-native-access=ALL-UNNAMED
  --sun-misc-unsafe-memory-access=allow -Xlog:disable -Xlog:all=warning:stderr)

once() { # java arguments…: prints "ready cpu rss"
  local begun server ready
  rm -rf "$work/data" "$work/out"
  begun=$(date +%s%N)
  "$JAVA_HOME/bin/java" "$@" up --port 0 --data "$work/data" >"$work/out" 2>"$work/err" &
  server=$!
  until grep -qs 'Bellfounder is ready' "$work/out"; do
    kill -0 "$server" 2>/dev/null || { cat "$work/err" >&2; exit 1; }
    sleep 0.01
  done
  ready=$((($(date +%s%N) - begun) / 1000000))
  local cpu=$(($(awk '{print $14 + $15}' "/proc/$server/stat") * 10))
  sleep 5
  echo "$ready $cpu $(($(awk '/VmRSS/ {print $2}' "/proc/$server/status") / 1024))"
  kill -TERM "$server"
  wait "$server"
}

median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

measure() { # name, java arguments…
  local name=$1 figures="" round
  shift
  for ((round = 0; round < rounds; round++)); do figures+="$(once "$@")"$'\n'; done
  printf '%-28s %6s ms to ready %6s ms CPU %5s MB resident\n' "$name" \
    "$(printf %s "$figures" | cut -d' ' -f1 | median)" \
    "$(printf %s "$figures" | cut -d' ' -f2 | median)" \
    "$(printf %s "$figures" | cut -d' ' -f3 | median)"
}

cache="$root/server/target/run/bellfounder.aot"
measure "java -jar bellfounder.jar" "${flags[@]}" -jar "$root/server/target/bellfounder.jar"
measure "./bell up" "${flags[@]}" "-XX:AOTCache=$cache" -jar "$root/server/target/run/bellfounder.jar"
