#!/usr/bin/env bash
set -e
set -o pipefail
set -x
python prepare.py | tee a.log
python train.py | tee b.log
gsutil cp *.log gs://$BUCKET/
