set -a; . ./job.env; set +a
exec python train.py --name "$NAME_FROM_FILE"
