set -eu
n=0
until gsutil -m cp -r gs://$BUCKET/data .; do
  n=$((n + 1))
  if [ "$n" -ge 5 ]; then exit 1; fi
  sleep $((2 ** n))
done
python train.py
