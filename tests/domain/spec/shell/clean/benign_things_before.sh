export PYTHONUNBUFFERED=1 TF_CPP_MIN_LOG_LEVEL=2
ulimit -n 65536
cd /app
nvidia-smi
ls -la
echo "starting $RUN_NAME on $(hostname)"
python train.py --output_dir /gcs/$BUCKET/$RUN_NAME
