set -euo pipefail
EPOCHS="${EPOCHS:-3}"
: "${SEED:=42}"
python train.py --epochs "$EPOCHS" --seed "$SEED" ${DEBUG:+--debug} --tag "${TAG-none}"
