set -e
for i in 1 2 3; do
  gsutil cp -r out gs://$BUCKET/ && break || sleep 10
done
python train.py
