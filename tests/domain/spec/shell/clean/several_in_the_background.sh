pids=()
for gpu in 0 1 2 3; do
  CUDA_VISIBLE_DEVICES=$gpu python train.py --fold "$gpu" &
  pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do
  wait "$pid" || failed=1
done
exit $failed
