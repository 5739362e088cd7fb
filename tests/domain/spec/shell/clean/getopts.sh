set -e
while getopts "e:b:" opt; do
  case $opt in
    e) epochs=$OPTARG ;;
    b) batch=$OPTARG ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
python train.py --epochs "$epochs" --batch "$batch"
