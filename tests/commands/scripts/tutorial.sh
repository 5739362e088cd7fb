# The tutorial from its first step to its last, with nothing but vertex-tui; the results are left in files.
set -eu
vertex() { "$PYTHON" -m tui "$@" --local --region europe-west4; }

# Steps 1 and 2: the API, the permissions, the bucket; and the quota of the GPU.
vertex doctor --fix --yes --json > setup.json
"$PYTHON" -m tui local quota set nvidia_l4_gpus 1 --region europe-west4

# Step 3: the job's configuration; its secrets come from the environment.
export HF_TOKEN=hf_of_nobody WANDB_API_KEY=key_of_nobody
vertex check vertex_job.yaml > problems.txt
vertex doctor --spec vertex_job.yaml > ready.txt
vertex show vertex_job.yaml --json > sent.json

# Step 4: submit; step 5: monitor until it ends, with the job's outcome.
vertex run vertex_job.yaml --name ana-gemma-finetune --yes --follow > followed.txt
vertex jobs --state succeeded --json > jobs.json
vertex logs ana-gemma-finetune --jsonl > log.jsonl
vertex metrics ana-gemma-finetune --json > metrics.json
vertex explain ana-gemma-finetune --json > why.json

# Step 6: verify the outputs, and take them home; step 7: delete what the job wrote, then the bucket.
vertex outputs ana-gemma-finetune --recursive --json > outputs.json
vertex outputs ana-gemma-finetune get results > fetched.txt
vertex outputs ana-gemma-finetune rm --yes > deleted.txt
vertex outputs gs://local-project-outputs rm --yes >> deleted.txt
