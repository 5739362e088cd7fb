set -e
curl -LsSf https://astral.sh/uv/install.sh | sh
source "$HOME/.local/bin/env"
uv sync --frozen
uv run python -m train
gcloud storage rsync -r outputs gs://$BUCKET/outputs
