main() {
  local rc=0
  python train.py || rc=$?
  gsutil cp -r out gs://$BUCKET/ || echo "no upload"
  return $rc
}
main "$@"
