set -e
pip install accelerate==1.0 transformers
accelerate launch --config_file accelerate.yaml --num_processes "$(nvidia-smi -L | wc -l)" train.py
gcloud storage cp -r outputs "gs://$BUCKET/$RUN_NAME"
