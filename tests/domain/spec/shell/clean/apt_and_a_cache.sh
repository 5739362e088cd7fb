set -e
apt-get update && apt-get install -y --no-install-recommends git ffmpeg
[ -d /gcs/$BUCKET/cache ] && cp -r /gcs/$BUCKET/cache ~/.cache
mkdir -p out && cd out
python ../train.py
