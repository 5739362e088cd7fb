"""Run by itself: what gcloud's own code makes of job specs, without gcloud's start for each.

`python gcloud_reader.py LIB < texts.json` prints one JSON line a text: `{"sent": CustomJob}` or
`{"refused": why}`. LIB is the folder `lib` of an installed Google Cloud SDK.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib import import_module


def main(lib: str) -> None:
    """Read texts from standard input, answer on standard output."""
    warnings.simplefilter("ignore")
    sys.path[:0] = [lib, f"{lib}/third_party"]
    encoding = import_module("apitools.base.py.encoding")
    validation = import_module("googlecloudsdk.command_lib.ai.custom_jobs.validation")
    util = import_module("googlecloudsdk.command_lib.export.util")
    messages = import_module("googlecloudsdk.generated_clients.apis.aiplatform.v1.aiplatform_v1_messages")
    warnings.simplefilter("ignore")
    for text in json.load(sys.stdin):
        try:
            spec = util.Import(messages.GoogleCloudAiplatformV1CustomJobSpec, text)
            validation._ValidateWorkerPoolSpecsFromConfig(spec)
            job = messages.GoogleCloudAiplatformV1CustomJob(displayName="n", jobSpec=spec)
            answer = {"sent": json.loads(encoding.MessageToJson(job))}
        except Exception as error:  # noqa: BLE001  # whatever stops gcloud is its answer
            answer = {"refused": f"{type(error).__name__}: {error}"[:500]}
        sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
