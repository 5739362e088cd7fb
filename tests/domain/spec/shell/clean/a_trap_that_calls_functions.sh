#!/bin/bash
set -e
upload_logs() { tar czf logs.tgz logs; gsutil cp logs.tgz gs://$BUCKET/; echo done; }
cleanup() { upload_logs || echo "could not save"; rm -rf /tmp/work; }
trap 'cleanup $?' EXIT INT TERM
python train.py
