set -e
gsutil ls gs://$BUCKET/data/ | while IFS= read -r uri; do
  name=$(basename "$uri" .csv)
  gsutil cp "$uri" "data/$name.csv"
done
while read -r line; do echo "$line"; done < <(ls data)
python train.py data
