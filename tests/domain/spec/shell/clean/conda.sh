source /opt/conda/etc/profile.d/conda.sh
conda activate train && python train.py && gsutil cp -r out gs://$BUCKET/
