set -e
cat <<END > config.yaml
run: ${RUN_NAME}
bucket: $BUCKET
price: \$5
when: $(date)
END
	cat <<-END
	  tabs $RUN_NAME
	END
python train.py --config config.yaml
gsutil cp config.yaml gs://$BUCKET/
