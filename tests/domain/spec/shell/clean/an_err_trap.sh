trap 'echo "failed at line $LINENO" >&2; exit 1' ERR
pip install -r requirements.txt
python train.py
gsutil cp -r out gs://$BUCKET/
