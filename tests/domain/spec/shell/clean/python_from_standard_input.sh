set -e
python3 - <<'PY'
import torch
assert torch.cuda.is_available()
PY
python train.py
