if python train.py; then
  rc=0
else
  rc=$?
  echo failed
fi
gsutil cp -r out gs://$BUCKET/ || true
exit $rc
