python train.py || rc=$?
gsutil cp -r out gs://$BUCKET/ || true
if [ "${rc:-0}" -ne 0 ]; then
  echo "training failed: $rc"
  exit "$rc"
fi
