set -Eeuo pipefail

log() { echo "[$(date -u +%H:%M:%S)] $*" >&2; }
upload() {
  local source="$1" target="$2"
  log "uploading $source"
  gsutil -m rsync -r "$source" "$target"
}
main() {
  log "start on $HOSTNAME"
  python train.py "$@"
  upload outputs "gs://$BUCKET/$RUN_NAME"
}
main --epochs 2
