set -e
export $(grep -v '^#' job.env | xargs)
eval "$(python settings.py --shell)"
python train.py --name "$NAME_FROM_FILE"
