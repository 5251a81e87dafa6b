# What `up` and `down` share: where things are kept, and which process is ours.
# Everything lives under $PEERS_DIR (default: target/peers of this workspace).

peers_dir=${PEERS_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/target/peers}
state=$peers_dir/state
mkdir -p "$state"

say() { echo "peers: $*" >&2; }

# A pid alone may have been given to another program since: the start time tells them apart.
born() { awk '{ sub(/^.*\) /, ""); if ($1 != "Z") print $20 }' "/proc/$1/stat" 2> /dev/null; }

# runs NAME: the process recorded for NAME is alive and is still the one we started
runs() {
  local pid since
  read -r pid since 2> /dev/null < "$state/$1.pid" && [ -n "$since" ] && [ "$(born "$pid")" = "$since" ]
}
