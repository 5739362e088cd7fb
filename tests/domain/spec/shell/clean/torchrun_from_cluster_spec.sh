set -euo pipefail
export NCCL_DEBUG=INFO
NODE_RANK=$(python3 -c 'import json, os; print(json.loads(os.environ["CLUSTER_SPEC"])["task"]["index"])')
torchrun --nnodes=${WORLD_SIZE:-1} --node_rank="$NODE_RANK" --nproc_per_node=8 \
  --master_addr="${MASTER_ADDR}" --master_port="$MASTER_PORT" train.py --output_dir /gcs/$BUCKET/$RUN_NAME
