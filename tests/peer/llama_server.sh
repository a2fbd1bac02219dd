#!/bin/sh
# Runs the peer test of the OpenAI adapter against llama-cpp-python's server on loopback.
#
#   tests/peer/llama_server.sh PYTHON MODEL.gguf [PORT]
#
# PYTHON is an interpreter with `llama-cpp-python[server]` installed; any small GGUF model will do.
# What the server answered is printed at the end.
set -eu
[ $# -ge 2 ] || { sed -n '2,7p' "$0" >&2; exit 2; }
python=$1 model=$2 port=${3:-8719}
here=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
"$python" -m llama_cpp.server --model "$model" --host 127.0.0.1 --port "$port" --n_ctx 2048 >"$work/server.log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT INT TERM
tries=0
until "$python" -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/v1/models', timeout=2)" 2>/dev/null; do
    tries=$((tries + 1))
    if [ "$tries" -gt 60 ] || ! kill -0 "$server" 2>/dev/null; then
        cat "$work/server.log" >&2
        exit 1
    fi
    sleep 1
done
cd "$here"
IOSM_PEER_URL="http://127.0.0.1:$port" IOSM_PEER_REPORT="$work/report" \
    cargo test --test it model::peer -- --nocapture
cat "$work/report"
