rc=0
python train.py || rc=$?
gsutil cp -r out gs://$BUCKET/ || echo "upload failed" >&2
exit $rc
