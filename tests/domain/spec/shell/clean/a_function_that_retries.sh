set -euo pipefail
retry() {
  local n=0
  until "$@"; do
    n=$((n + 1))
    [ $n -lt 5 ] || return 1
    sleep 10
  done
}
retry gsutil -m cp -r gs://$BUCKET/data .
python train.py
retry gsutil -m cp -r out gs://$BUCKET/out
