git clone --depth 1 https://github.com/org/repo.git &&
cd repo &&
  pip install -e . &&   # our own package
  python -m trainer.task \
    --data gs://$BUCKET/data \
    --lr 0.1 &&
gsutil -m rsync -r outputs gs://$BUCKET/runs/$RUN_NAME
