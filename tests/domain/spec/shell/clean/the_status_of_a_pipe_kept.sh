python train.py 2>&1 | tee train.log
rc=${PIPESTATUS[0]}
gsutil cp train.log gs://$BUCKET/ || echo "no log"
exit $rc
