set -e
if [ -n "$WANDB_API_KEY" ]; then wandb login "$WANDB_API_KEY"; fi
if [[ -z $RESUME_FROM ]]; then echo fresh; else ARGS="--resume $RESUME_FROM"; fi
[ "$VERBOSE" = 1 ] && set -x
python train.py $ARGS
