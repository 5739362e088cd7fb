set -e
(cd app && pip install .)
{ date; nvidia-smi; } > info.txt
(
  export CUDA_VISIBLE_DEVICES=0
  python train.py
)
gsutil cp info.txt gs://$BUCKET/
