set -euo pipefail
exec > >(tee -a train.log) 2>&1
python train.py
