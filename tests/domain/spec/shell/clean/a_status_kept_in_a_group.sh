python train.py || { rc=$?; echo "failed with $rc"; }
gsutil cp -r out gs://$BUCKET/ || echo no upload
exit ${rc:-0}
