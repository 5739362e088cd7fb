set -euo pipefail
cleanup() {
  status=$?
  gsutil -m cp -r logs gs://$BUCKET/$RUN_NAME/
  exit $status
}
trap cleanup EXIT
mkdir -p logs
python train.py > logs/train.log 2>&1
