#!/bin/sh
# Runs one server for the process that holds the other end of standard input, and outlives neither: when that pipe closes,
# because it was told to stop or because that process died, the server is ended and its directory removed.
# usage: supervise.sh DIRECTORY STOP_SIGNAL COMMAND...      prints `pid N` at each start and `exited CODE` at each end
dir=$1
stop=$2
shift 2
exec 4>&1

launch() {
  (
    sh -c 'echo "pid $$" >&4; echo "$$" >"$0/server.pid"; exec "$@" 4>&-' "$dir" "$@" </dev/null >>"$dir/server.log" 2>&1
    echo "exited $?" >&4
  ) 2>/dev/null &
}

launch "$@"
while read -r order; do
  [ "$order" = start ] && wait && launch "$@"
done

pid=$(cat "$dir/server.pid")
kill "-$stop" "$pid" 2>/dev/null
turns=0
while kill -0 "$pid" 2>/dev/null && [ "$turns" -lt 100 ]; do
  sleep 0.1
  turns=$((turns + 1))
done
kill -KILL "$pid" 2>/dev/null
wait
rm -rf -- "$dir"
