python train.py --epochs 1
status=$?
gsutil -m cp -r outputs gs://$BUCKET/$RUN_NAME
exit $status
