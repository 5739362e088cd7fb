rc=0
python train.py || rc=1
python eval.py || rc=1
gsutil cp -r out gs://$BUCKET/ || true
exit $rc
