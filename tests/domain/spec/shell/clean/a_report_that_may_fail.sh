set -e
status=0
python train.py --epochs 3 || status=$?
python report.py || echo "report failed"
exit "$status"
