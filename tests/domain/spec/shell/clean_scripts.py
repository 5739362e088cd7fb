"""Scripts as people write them for custom training, none of which deserves a warning.

All run with `BUCKET`, `RUN_NAME` and `HF_TOKEN` in `env`, and with a base output directory.
"""

from __future__ import annotations

ENV = frozenset({"BUCKET", "RUN_NAME", "HF_TOKEN"})

CLEAN: dict[str, str] = {
    "one command": "python train.py --epochs 3 --out $AIP_MODEL_DIR",
    "a chain": "pip install -r a.txt && python train.py && gsutil -m cp -r out gs://$BUCKET/$RUN_NAME",
    "a chain over lines": """\
git clone --depth 1 https://github.com/org/repo.git &&
cd repo &&
  pip install -e . &&   # our own package
  python -m trainer.task \\
    --data gs://$BUCKET/data \\
    --lr 0.1 &&
gsutil -m rsync -r outputs gs://$BUCKET/runs/$RUN_NAME
""",
    "strict mode": """\
set -euo pipefail
nvidia-smi
pip install -q -r requirements.txt
python train.py 2>&1 | tee train.log
gsutil cp train.log "gs://${BUCKET}/${RUN_NAME}/"
""",
    "strict mode in several lines": """\
#!/usr/bin/env bash
set -e
set -o pipefail
set -x
python prepare.py | tee a.log
python train.py | tee b.log
gsutil cp *.log gs://$BUCKET/
""",
    "torchrun from CLUSTER_SPEC": """\
set -euo pipefail
export NCCL_DEBUG=INFO
NODE_RANK=$(python3 -c 'import json, os; print(json.loads(os.environ["CLUSTER_SPEC"])["task"]["index"])')
torchrun --nnodes=${WORLD_SIZE:-1} --node_rank="$NODE_RANK" --nproc_per_node=8 \\
  --master_addr="${MASTER_ADDR}" --master_port="$MASTER_PORT" train.py --output_dir /gcs/$BUCKET/$RUN_NAME
""",
    "accelerate": """\
set -e
pip install accelerate==1.0 transformers
accelerate launch --config_file accelerate.yaml --num_processes "$(nvidia-smi -L | wc -l)" train.py
gcloud storage cp -r outputs "gs://$BUCKET/$RUN_NAME"
""",
    "functions and a main": """\
set -Eeuo pipefail

log() { echo "[$(date -u +%H:%M:%S)] $*" >&2; }
upload() {
  local source="$1" target="$2"
  log "uploading $source"
  gsutil -m rsync -r "$source" "$target"
}
main() {
  log "start on $HOSTNAME"
  python train.py "$@"
  upload outputs "gs://$BUCKET/$RUN_NAME"
}
main --epochs 2
""",
    "a trap that uploads": """\
set -euo pipefail
cleanup() {
  status=$?
  gsutil -m cp -r logs gs://$BUCKET/$RUN_NAME/
  exit $status
}
trap cleanup EXIT
mkdir -p logs
python train.py > logs/train.log 2>&1
""",
    "a status kept": """\
python train.py --epochs 1
status=$?
gsutil -m cp -r outputs gs://$BUCKET/$RUN_NAME
exit $status
""",
    "PIPESTATUS": """\
python train.py 2>&1 | tee train.log
rc=${PIPESTATUS[0]}
gsutil cp train.log gs://$BUCKET/
exit "$rc"
""",
    "an explicit test of the status": """\
python train.py
if [ $? -ne 0 ]; then
  echo "training failed" >&2
  exit 1
fi
gsutil cp -r out gs://$BUCKET/
""",
    "exits": """\
cd /workspace || exit 1
pip install -r requirements.txt || { echo "pip failed" >&2; exit 1; }
python train.py || exit $?
gsutil -m cp -r outputs gs://$BUCKET/ || exit 3
echo done
""",
    "a condition around the training": """\
if python train.py; then
  gsutil cp -r out gs://$BUCKET/ok
else
  gsutil cp -r out gs://$BUCKET/failed
  exit 1
fi
""",
    "a negated condition": """\
if ! pip install -r requirements.txt; then
  echo "cannot install" >&2
  exit 1
fi
exec python train.py --out "$AIP_MODEL_DIR"
""",
    "a here-document with Python": """\
set -euo pipefail
cat > train.py <<'PY'
import os
price = "$5 for `nothing`"   # $UNSET || true
if __name__ == "__main__":
    print(os.environ["RUN_NAME"], price)
PY
python train.py
""",
    "a here-document with variables": """\
set -e
cat <<END > config.yaml
run: ${RUN_NAME}
bucket: $BUCKET
price: \\$5
when: $(date)
END
\tcat <<-END
\t  tabs $RUN_NAME
\tEND
python train.py --config config.yaml
gsutil cp config.yaml gs://$BUCKET/
""",
    "Python from standard input": """\
set -e
python3 - <<'PY'
import torch
assert torch.cuda.is_available()
PY
python train.py
""",
    "loops": """\
set -euo pipefail
for seed in 1 2 3; do
  for lr in 0.1 0.01; do
    python train.py --seed "$seed" --lr "$lr" --out "out/$seed-$lr"
  done
done
for ((i = 0; i < 3; i++)); do echo "$i"; done
gsutil -m cp -r out gs://$BUCKET/
""",
    "a loop over files": """\
set -e
gsutil ls gs://$BUCKET/data/ | while IFS= read -r uri; do
  name=$(basename "$uri" .csv)
  gsutil cp "$uri" "data/$name.csv"
done
while read -r line; do echo "$line"; done < <(ls data)
python train.py data
""",
    "a retry with until": """\
set -eu
n=0
until gsutil -m cp -r gs://$BUCKET/data .; do
  n=$((n + 1))
  if [ "$n" -ge 5 ]; then exit 1; fi
  sleep $((2 ** n))
done
python train.py
""",
    "a retry with for": """\
for attempt in 1 2 3; do
  python train.py --resume && exit 0
  echo "attempt $attempt failed"
  sleep 30
done
exit 1
""",
    "a function that retries": """\
set -euo pipefail
retry() {
  local n=0
  until "$@"; do
    n=$((n + 1))
    [ $n -lt 5 ] || return 1
    sleep 10
  done
}
retry gsutil -m cp -r gs://$BUCKET/data .
python train.py
retry gsutil -m cp -r out gs://$BUCKET/out
""",
    "background and wait with a process id": """\
set -euo pipefail
python server.py &
server=$!
python train.py --server localhost:8000 &
train=$!
wait "$train"
kill "$server"
""",
    "several in the background": """\
pids=()
for gpu in 0 1 2 3; do
  CUDA_VISIBLE_DEVICES=$gpu python train.py --fold "$gpu" &
  pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do
  wait "$pid" || failed=1
done
exit $failed
""",
    "wait -n": """\
set -e
python a.py & python b.py &
wait -n; wait -n
""",
    "a loop that copies beside the training": """\
set -euo pipefail
(
  while true; do
    sleep 300
    gsutil -m rsync -r outputs gs://$BUCKET/$RUN_NAME || true
  done
) &
SYNC=$!
trap 'kill $SYNC' EXIT
python train.py --output_dir outputs
gsutil -m rsync -r outputs gs://$BUCKET/$RUN_NAME
""",
    "defaults for what may be missing": """\
set -euo pipefail
EPOCHS="${EPOCHS:-3}"
: "${SEED:=42}"
python train.py --epochs "$EPOCHS" --seed "$SEED" ${DEBUG:+--debug} --tag "${TAG-none}"
""",
    "asks whether a variable is set": """\
set -e
if [ -n "$WANDB_API_KEY" ]; then wandb login "$WANDB_API_KEY"; fi
if [[ -z $RESUME_FROM ]]; then echo fresh; else ARGS="--resume $RESUME_FROM"; fi
[ "$VERBOSE" = 1 ] && set -x
python train.py $ARGS
""",
    "case and arguments": """\
set -e
while [ $# -gt 0 ]; do
  case "$1" in
    --lr) LR="$2"; shift 2 ;;
    --lr=*) LR="${1#*=}"; shift ;;
    -h | --help) echo "usage: $0"; exit 0 ;;
    *) break ;;
  esac
done
python train.py --lr "${LR:-0.1}" "$@"
""",
    "getopts": """\
set -e
while getopts "e:b:" opt; do
  case $opt in
    e) epochs=$OPTARG ;;
    b) batch=$OPTARG ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
python train.py --epochs "$epochs" --batch "$batch"
""",
    "arrays": """\
set -euo pipefail
args=(
  --model google/gemma-3-1b-it  # the small one
  --lr 2e-5
)
args+=(--run "$RUN_NAME")
declare -A sizes=([small]=1 [large]=8)
echo "${#args[@]} ${sizes[small]} ${!sizes[@]}"
python train.py "${args[@]}"
""",
    "uv": """\
set -e
curl -LsSf https://astral.sh/uv/install.sh | sh
source "$HOME/.local/bin/env"
uv sync --frozen
uv run python -m train
gcloud storage rsync -r outputs gs://$BUCKET/outputs
""",
    "conda": """\
source /opt/conda/etc/profile.d/conda.sh
conda activate train && python train.py && gsutil cp -r out gs://$BUCKET/
""",
    "apt and a cache": """\
set -e
apt-get update && apt-get install -y --no-install-recommends git ffmpeg
[ -d /gcs/$BUCKET/cache ] && cp -r /gcs/$BUCKET/cache ~/.cache
mkdir -p out && cd out
python ../train.py
""",
    "allowed to fail": """\
set -euo pipefail
gsutil cp gs://$BUCKET/$RUN_NAME/last.ckpt . || true
nvidia-smi || true
rm -rf /tmp/cache || :
pip uninstall -y apex || true
python train.py --resume last.ckpt
""",
    "set +e for one command": """\
set -e
set +e
python train.py
code=$?
set -e
gsutil cp -r logs gs://$BUCKET/
exit $code
""",
    "a subshell elsewhere": """\
set -e
(cd app && pip install .)
{ date; nvidia-smi; } > info.txt
(
  export CUDA_VISIBLE_DEVICES=0
  python train.py
)
gsutil cp info.txt gs://$BUCKET/
""",
    "substitutions in substitutions": """\
set -e
root="$(dirname "$(readlink -f "${BASH_SOURCE[0]:-$0}")")"
count=`ls $root | wc -l`
echo "there are $count, or ${count:-$(echo "none `date`")}"
python "$root/train.py" --n "$((count * 2))"
""",
    "arithmetic and tests": """\
set -e
gpus=$(nvidia-smi -L | wc -l)
(( total = gpus * 8 ))
if (( gpus > 1 )) && [[ $HOSTNAME =~ ^workerpool0-.*$ ]]; then
  torchrun --nproc_per_node=$gpus train.py --batch $total
else
  python train.py --batch "$total"
fi
""",
    "primary or worker": """\
set -euo pipefail
task=$(echo "$CLUSTER_SPEC" | jq -r .task.type)
if [[ "$task" == "workerpool0" ]]; then
  python train.py --chief
  gsutil -m cp -r out gs://$BUCKET/$RUN_NAME/
else
  python train.py --worker
fi
""",
    "an ERR trap": """\
trap 'echo "failed at line $LINENO" >&2; exit 1' ERR
pip install -r requirements.txt
python train.py
gsutil cp -r out gs://$BUCKET/
""",
    "output to a process": """\
set -euo pipefail
exec > >(tee -a train.log) 2>&1
python train.py
""",
    "a file of variables": """\
set -a; . ./job.env; set +a
exec python train.py --name "$NAME_FROM_FILE"
""",
    "variables from a command": """\
set -e
export $(grep -v '^#' job.env | xargs)
eval "$(python settings.py --shell)"
python train.py --name "$NAME_FROM_FILE"
""",
    "quoting of every kind": """\
set -e
echo 'single $NOT_EXPANDED' "double \\$NOT_EXPANDED \\"$RUN_NAME\\"" $'tab\\t$NOT' \\$NOT
python -c "print('$RUN_NAME')"
awk '{ print $1, $NF }' a.txt > b.txt; sed -e 's/\\$X/y/' b.txt
python train.py --text "it's # no comment" --x=a#b # a comment with $NOTHING and `nothing`
""",
    "a folder of another name": """\
set -e
git clone https://github.com/org/repo-name /workspace/src
cd /workspace/src
git clone -b main https://github.com/org/other.git tools
cd tools && cd .. && cd "$HOME"
python train.py
""",
    "a timeout and a wrapper": "set -e; timeout 6h nohup python -u a.py > log.txt; gsutil cp log.txt gs://$BUCKET/",
    "benign things before": """\
export PYTHONUNBUFFERED=1 TF_CPP_MIN_LOG_LEVEL=2
ulimit -n 65536
cd /app
nvidia-smi
ls -la
echo "starting $RUN_NAME on $(hostname)"
python train.py --output_dir /gcs/$BUCKET/$RUN_NAME
""",
    "a function with a checked argument": """\
set -e
function prepare {
  local -r dir=${1:?a folder}
  mkdir -p "$dir"
}
prepare data
time python train.py
! grep -q NaN train.log
""",
    "mpirun": """\
set -euo pipefail
mpirun --allow-run-as-root -np 8 -x NCCL_DEBUG -x PATH \\
    python train.py --steps 10 |& tee mpi.log
gsutil cp mpi.log gs://${BUCKET}/
""",
    "pushd": """\
set -e
git clone https://github.com/org/tools.git
pushd tools > /dev/null
make -j"$(nproc)"
popd > /dev/null
python train.py || { code=$?; gsutil cp -r logs gs://$BUCKET/; exit $code; }
""",
}
