set -e
while [ $# -gt 0 ]; do
  case "$1" in
    --lr) LR="$2"; shift 2 ;;
    --lr=*) LR="${1#*=}"; shift ;;
    -h | --help) echo "usage: $0"; exit 0 ;;
    *) break ;;
  esac
done
python train.py --lr "${LR:-0.1}" "$@"
