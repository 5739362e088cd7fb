python train.py
if [ $? -ne 0 ]; then
  echo "training failed" >&2
  exit 1
fi
gsutil cp -r out gs://$BUCKET/
