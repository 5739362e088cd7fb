set -euo pipefail
save() {
  gsutil -m cp -r out "gs://$BUCKET/$RUN_NAME/" || true
}
trap save EXIT
python train.py
