set -euo pipefail
mpirun --allow-run-as-root -np 8 -x NCCL_DEBUG -x PATH \
    python train.py --steps 10 |& tee mpi.log
gsutil cp mpi.log gs://${BUCKET}/
