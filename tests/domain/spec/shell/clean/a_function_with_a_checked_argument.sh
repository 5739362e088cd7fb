set -e
function prepare {
  local -r dir=${1:?a folder}
  mkdir -p "$dir"
}
prepare data
time python train.py
! grep -q NaN train.log
