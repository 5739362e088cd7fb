set -euo pipefail
for seed in 1 2 3; do
  for lr in 0.1 0.01; do
    python train.py --seed "$seed" --lr "$lr" --out "out/$seed-$lr"
  done
done
for ((i = 0; i < 3; i++)); do echo "$i"; done
gsutil -m cp -r out gs://$BUCKET/
