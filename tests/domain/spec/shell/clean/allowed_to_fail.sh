set -euo pipefail
gsutil cp gs://$BUCKET/$RUN_NAME/last.ckpt . || true
nvidia-smi || true
rm -rf /tmp/cache || :
pip uninstall -y apex || true
python train.py --resume last.ckpt
