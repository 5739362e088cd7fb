set -euo pipefail
nvidia-smi
pip install -q -r requirements.txt
python train.py 2>&1 | tee train.log
gsutil cp train.log "gs://${BUCKET}/${RUN_NAME}/"
