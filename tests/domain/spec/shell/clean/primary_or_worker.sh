set -euo pipefail
task=$(echo "$CLUSTER_SPEC" | jq -r .task.type)
if [[ "$task" == "workerpool0" ]]; then
  python train.py --chief
  gsutil -m cp -r out gs://$BUCKET/$RUN_NAME/
else
  python train.py --worker
fi
