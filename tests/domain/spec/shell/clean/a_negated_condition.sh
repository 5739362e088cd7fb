if ! pip install -r requirements.txt; then
  echo "cannot install" >&2
  exit 1
fi
exec python train.py --out "$AIP_MODEL_DIR"
