set -e
last() { python report.py | tee report.txt; gsutil cp report.txt gs://$BUCKET/; }
trap last EXIT
python train.py
