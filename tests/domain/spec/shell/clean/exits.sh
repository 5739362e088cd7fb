cd /workspace || exit 1
pip install -r requirements.txt || { echo "pip failed" >&2; exit 1; }
python train.py || exit $?
gsutil -m cp -r outputs gs://$BUCKET/ || exit 3
echo done
