set -euo pipefail
args=(
  --model google/gemma-3-1b-it  # the small one
  --lr 2e-5
)
args+=(--run "$RUN_NAME")
declare -A sizes=([small]=1 [large]=8)
echo "${#args[@]} ${sizes[small]} ${!sizes[@]}"
python train.py "${args[@]}"
