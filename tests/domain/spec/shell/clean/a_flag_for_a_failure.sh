failed=false
python train.py || failed=true
gsutil cp -r out gs://$BUCKET/ || echo "copy failed"
if $failed; then exit 1; fi
