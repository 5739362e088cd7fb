"""What a new job spec begins with."""

from __future__ import annotations

CPU_JOB = """\
# A Vertex AI custom job on one machine without an accelerator.
# ${NAME} in a value is filled in when the job is started: from your secrets, the environment, the settings.
workerPoolSpecs:
  - machineSpec:
      machineType: n1-standard-4
    replicaCount: 1
    containerSpec:
      imageUri: python:3.11-slim
      command:
        - bash
        - -c
      args:
        - |
          set -e
          python -c 'print("hello from Vertex AI")'
      env:
        - name: BUCKET_NAME
          value: ${BUCKET_NAME}
scheduling:
  timeout: 3600s
"""
"""One CPU machine that prints a line; it runs for an hour at most."""
