python train.py
rc=$?
gsutil cp -r out gs://$BUCKET/ || true
exit $rc
