set -euo pipefail
python server.py &
server=$!
python train.py --server localhost:8000 &
train=$!
wait "$train"
kill "$server"
