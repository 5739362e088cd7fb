set -euo pipefail
cat > train.py <<'PY'
import os
price = "$5 for `nothing`"   # $UNSET || true
if __name__ == "__main__":
    print(os.environ["RUN_NAME"], price)
PY
python train.py
