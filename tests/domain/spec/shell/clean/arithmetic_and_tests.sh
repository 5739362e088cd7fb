set -e
gpus=$(nvidia-smi -L | wc -l)
(( total = gpus * 8 ))
if (( gpus > 1 )) && [[ $HOSTNAME =~ ^workerpool0-.*$ ]]; then
  torchrun --nproc_per_node=$gpus train.py --batch $total
else
  python train.py --batch "$total"
fi
