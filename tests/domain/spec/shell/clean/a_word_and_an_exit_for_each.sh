python train.py || { echo "failed" >&2; exit 1; }
gsutil cp -r out gs://$BUCKET/ || { echo "copy failed" >&2; exit 2; }
