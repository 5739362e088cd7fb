for attempt in 1 2 3; do
  python train.py --resume && exit 0
  echo "attempt $attempt failed"
  sleep 30
done
exit 1
