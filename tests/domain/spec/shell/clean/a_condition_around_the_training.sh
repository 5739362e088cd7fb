if python train.py; then
  gsutil cp -r out gs://$BUCKET/ok
else
  gsutil cp -r out gs://$BUCKET/failed
  exit 1
fi
