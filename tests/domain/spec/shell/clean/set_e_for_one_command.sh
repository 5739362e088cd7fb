set -e
set +e
python train.py
code=$?
set -e
gsutil cp -r logs gs://$BUCKET/
exit $code
