set -euo pipefail
(
  while true; do
    sleep 300
    gsutil -m rsync -r outputs gs://$BUCKET/$RUN_NAME || true
  done
) &
SYNC=$!
trap 'kill $SYNC' EXIT
python train.py --output_dir outputs
gsutil -m rsync -r outputs gs://$BUCKET/$RUN_NAME
