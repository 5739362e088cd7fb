"""What Python programs print when they end, as their libraries really print it."""

# ruff: noqa: E501  # log lines as they are printed

from __future__ import annotations

from tests.domain.diagnosis.told import LIKELY, replica_error, told
from tui.domain.diagnosis.model import Cause

ONE = replica_error(1)
_TRAIN = (
    '0> Traceback (most recent call last):\n0>   File "/app/train.py", line 88, in <module>\n0>     main()\n'
)
_LIB = '0>   File "/opt/conda/lib/python3.10/site-packages/{}", line {}, in {}\n0>     {}\n'


def ends(*frames: str, last: str) -> str:
    """A log that ends with an exception."""
    return f"0> step 10 loss 2.1\n{_TRAIN}{''.join(frames)}0> {last}"


def _one(last: str) -> str:
    """The same as one entry."""
    text = ends(last=last)
    first, *rest = text.split("\n")
    head, *body = rest
    return "\n".join([first, head, *("|" + line.removeprefix("0> ") for line in body)])


_TORCH = _LIB.format("torch/nn/modules/module.py", 1532, "_call_impl", "return forward_call(*args, **kwargs)")

PYTHON_CASES = (
    told(
        "a key error",
        Cause.TRACEBACK,
        ends(
            '0>   File "/app/data.py", line 31, in collate\n0>     return batch["labels"]\n',
            last="KeyError: 'labels'",
        ),
        ONE,
        replica="workerpool0-0",
        code=1,
        frame=("/app/data.py", 31),
        exception="KeyError: 'labels'",
        summary=("KeyError: 'labels'", "collate (data.py, line 31)"),
        quotes="KeyError: 'labels'",
    ),
    told(
        "one entry",
        Cause.TRACEBACK,
        _one("ValueError: bad shape"),
        ONE,
        frame=("/app/train.py", 88),
        exception="ValueError: bad shape",
    ),
    told(
        "the frame in user code, not in a library",
        Cause.TRACEBACK,
        ends(
            '0>   File "/app/model.py", line 7, in forward\n0>     x = self.proj(x)\n',
            _TORCH,
            last="RuntimeError: mat1 and mat2 shapes cannot be multiplied (8x512 and 768x768)",
        ),
        ONE,
        frame=("/app/model.py", 7),
    ),
    told(
        "out of GPU memory",
        Cause.GPU_MEMORY,
        ends(
            _TORCH,
            last="torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.34 GiB. GPU 0 has a total capacity"
            " of 22.06 GiB of which 1.12 GiB is free. Process 1 has 20.93 GiB memory in use.",
        ),
        ONE,
        code=1,
        frame=("/app/train.py", 88),
        summary=("2.34 GiB",),
    ),
    told(
        "older out of GPU memory",
        Cause.GPU_MEMORY,
        ends(
            _TORCH,
            last="RuntimeError: CUDA out of memory. Tried to allocate"
            " 20.00 MiB (GPU 0; 14.76 GiB total capacity; 13.39 GiB already allocated; 13.75 MiB free)",
        ),
        ONE,
    ),
    told(
        "out of GPU memory, JAX",
        Cause.GPU_MEMORY,
        ends(
            last="jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of"
            " memory while trying to allocate 17179869184 bytes."
        ),
        ONE,
        summary=("17179869184 bytes",),
    ),
    told(
        "out of GPU memory, ROCm",
        Cause.GPU_MEMORY,
        ends(
            last="torch.cuda.OutOfMemoryError: HIP out of memory. Tried to allocate"
            " 64.00 MiB. GPU 0 has a total capacty of 15.98 GiB"
        ),
        ONE,
    ),
    told(
        "out of GPU memory, TensorFlow",
        Cause.GPU_MEMORY,
        _one(
            "tensorflow.python.framework.errors_impl.ResourceExhaustedError: Graph execution error:\n|\n|OOM when allocating tensor with"
            " shape[64,512,512] and type float on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc"
        ),
        ONE,
    ),
    told(
        "a Python memory error",
        Cause.HOST_MEMORY,
        ends(
            last="numpy._core._exceptions._ArrayMemoryError: Unable to allocate 29.8 GiB"
            " for an array with shape (4000000000,) and data type float64"
        ),
        ONE,
    ),
    told("a bare MemoryError", Cause.HOST_MEMORY, ends(last="MemoryError"), ONE, exception="MemoryError"),
    told(
        "the allocator of the CPU",
        Cause.HOST_MEMORY,
        ends(
            last="RuntimeError: [enforce fail at alloc_cpu.cpp:114] data."
            " DefaultCPUAllocator: can't allocate memory: you tried to allocate 40000000000 bytes. Error code 12 (Cannot allocate memory)"
        ),
        ONE,
    ),
    told(
        "a data loading worker killed",
        Cause.HOST_MEMORY,
        ends(_TORCH, last="RuntimeError: DataLoader worker (pid 4123) is killed by signal: Killed. "),
        ONE,
    ),
    told(
        "a data loading worker gone",
        Cause.HOST_MEMORY,
        ends(last="RuntimeError: DataLoader worker (pid(s) 812) exited unexpectedly"),
        ONE,
        confidence=LIKELY,
    ),
    told(
        "too little shared memory",
        Cause.HOST_MEMORY,
        ends(
            last="RuntimeError: DataLoader worker (pid 99) is killed by signal: Bus error."
            " It is possible that dataloader's workers are out of shared memory. Please try to raise your shared memory limit."
        ),
        ONE,
        confidence=LIKELY,
    ),
    told(
        "a missing module",
        Cause.MISSING_MODULE,
        ends(last="ModuleNotFoundError: No module named 'bitsandbytes'"),
        ONE,
        summary=("bitsandbytes",),
    ),
    told(
        "a name that is not in a module",
        Cause.MISSING_MODULE,
        ends(
            last="ImportError: cannot import name 'AdamW' from 'transformers'"
            " (/opt/conda/lib/python3.10/site-packages/transformers/__init__.py)"
        ),
        ONE,
        summary=("AdamW",),
    ),
    told(
        "a missing library",
        Cause.MISSING_MODULE,
        ends(last="ImportError: libGL.so.1: cannot open shared object file: No such file or directory"),
        ONE,
        summary=("libGL.so.1",),
    ),
    told(
        "no module to run",
        Cause.MISSING_MODULE,
        "0> /opt/conda/bin/python3: No module named trainer",
        ONE,
        summary=("trainer",),
    ),
    told(
        "a gated model, chained",
        Cause.MODEL_ACCESS,
        """0> Traceback (most recent call last):
|  File "/opt/conda/lib/python3.10/site-packages/huggingface_hub/utils/_http.py", line 409, in hf_raise_for_status
|    response.raise_for_status()
|  File "/opt/conda/lib/python3.10/site-packages/requests/models.py", line 1024, in raise_for_status
|    raise HTTPError(http_error_msg, response=self)
|requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: https://huggingface.co/google/gemma-3-1b-it/resolve/main/config.json
|
|The above exception was the direct cause of the following exception:
|
|Traceback (most recent call last):
|  File "/opt/conda/lib/python3.10/site-packages/transformers/utils/hub.py", line 424, in cached_files
|    hf_hub_download(
|huggingface_hub.errors.GatedRepoError: 401 Client Error. (Request ID: Root=1-66f4b037-1bf3)
|
|Cannot access gated repo for url https://huggingface.co/google/gemma-3-1b-it/resolve/main/config.json.
|Access to model google/gemma-3-1b-it is restricted. You must have access to it and be authenticated to access it. Please log in.
|
|The above exception was the direct cause of the following exception:
|
|Traceback (most recent call last):
|  File "/app/finetune.py", line 40, in load
|    model = AutoModelForCausalLM.from_pretrained(name)
|  File "/opt/conda/lib/python3.10/site-packages/transformers/utils/hub.py", line 481, in cached_files
|    raise OSError(
|OSError: You are trying to access a gated repo.
|Make sure to have access to it at https://huggingface.co/google/gemma-3-1b-it.
|401 Client Error. (Request ID: Root=1-66f4b037-1bf3)""",
        ONE,
        frame=("/app/finetune.py", 40),
        summary=("google/gemma-3-1b-it",),
        check_id="secrets.HF_TOKEN",
    ),
    told(
        "a gated model, line by line",
        Cause.MODEL_ACCESS,
        ends(
            last="huggingface_hub.errors.GatedRepoError: 401 Client Error. (Request ID:"
            " Root=1-x)\n0> \n0> Cannot access gated repo for url https://huggingface.co/google/gemma-3-1b-it/resolve/main/config.json.\n"
            "0> Access to model google/gemma-3-1b-it is restricted."
        ),
        ONE,
        summary=("google/gemma-3-1b-it",),
    ),
    told(
        "a model that is not there",
        Cause.MODEL_ACCESS,
        ends(
            last="OSError: kelp/gemma-9 is not a local folder and is not a valid model"
            " identifier listed on 'https://huggingface.co/models'"
        ),
        ONE,
        confidence=LIKELY,
        summary=("kelp/gemma-9",),
    ),
    told(
        "a private repository",
        Cause.MODEL_ACCESS,
        ends(last="huggingface_hub.errors.RepositoryNotFoundError: 401 Client Error. (Request ID: Root=1-y)"),
        ONE,
    ),
    told("a bad token", Cause.MODEL_ACCESS, ends(last="ValueError: Invalid user token."), ONE),
    told(
        "W&B without a key",
        Cause.WANDB_LOGIN,
        "0> wandb: ERROR api_key not configured (no-tty). call wandb.login(key=[your_api_key])\n"
        + ends(
            last="wandb.errors.errors.UsageError: api_key not configured (no-tty). call wandb.login(key=[your_api_key])"
        ),
        ONE,
        check_id="secrets.WANDB_API_KEY",
    ),
    told(
        "W&B refuses",
        Cause.WANDB_LOGIN,
        ends(
            last="wandb.errors.errors.CommError: It appears that you do not have permission to access"
            " the requested resource. Please reach out to the project owner to grant you access. (Error 403: Forbidden)"
        ),
        ONE,
    ),
    told(
        "W&B takes no such key",
        Cause.WANDB_LOGIN,
        ends(last="ValueError: API key must be 40 characters long, yours was 9"),
        ONE,
    ),
    told(
        "a missing file",
        Cause.MISSING_FILE,
        ends(last="FileNotFoundError: [Errno 2] No such file or directory: '/data/train.parquet'"),
        ONE,
        summary=("/data/train.parquet",),
    ),
    told(
        "no program file",
        Cause.MISSING_FILE,
        "0> python: can't open file '/app/trian.py': [Errno 2] No such file or directory",
        replica_error(2),
        code=2,
        summary=("/app/trian.py",),
    ),
    told(
        "a bucket that refuses",
        Cause.PERMISSION,
        ends(
            last="google.api_core.exceptions.Forbidden: 403 POST https://storage.googleapis.com/"
            "upload/storage/v1/b/kelp-out/o?uploadType=multipart: service-1@gcp-sa-aiplatform-cc.iam.gserviceaccount.com does not have"
            " storage.objects.create access to the Google Cloud Storage object."
        ),
        ONE,
        summary=("kelp-out",),
        check_id="bucket.job",
    ),
    told(
        "a bucket that is not there",
        Cause.MISSING_FILE,
        ends(
            last="google.api_core.exceptions.NotFound: 404 GET https://storage.googleapis."
            "com/storage/v1/b/kelp-otu?projection=noAcl: The specified bucket does not exist."
        ),
        ONE,
        check_id="bucket",
    ),
    told(
        "no credentials",
        Cause.PERMISSION,
        ends(
            last="google.auth.exceptions.DefaultCredentialsError: Your default credentials were not"
            " found. To set up Application Default Credentials, see https://cloud.google.com/docs/authentication/external/set-up-adc"
        ),
        ONE,
    ),
    told(
        "an API that is off",
        Cause.API_DISABLED,
        ends(
            last="google.api_core.exceptions.PermissionDenied: 403 BigQuery API has not been used"
            " in project kelp before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/"
            "bigquery.googleapis.com/overview?project=kelp then retry."
        ),
        ONE,
        check_id="apis.bigquery.googleapis.com",
    ),
    told(
        "a full disk",
        Cause.DISK_FULL,
        ends(_TORCH, last="OSError: [Errno 28] No space left on device: '/tmp/checkpoint-500'"),
        ONE,
    ),
    told(
        "a checkpoint cut short",
        Cause.DISK_FULL,
        ends(last="RuntimeError: [enforce fail at inline_container.cc:603] . unexpected pos 704 vs 598"),
        ONE,
        confidence=LIKELY,
    ),
    told(
        "no network",
        Cause.NETWORK,
        ends(
            last="requests.exceptions.ConnectionError: HTTPSConnectionPool(host='data.example.org', port=443):"
            ' Max retries exceeded with url: /x (Caused by NameResolutionError("<urllib3.connection.HTTPSConnection object at 0x7f>: Failed to'
            " resolve 'data.example.org' ([Errno -2] Name or service not known)\"))"
        ),
        ONE,
        summary=("data.example.org",),
    ),
    told("a loss that is no number", Cause.NAN_LOSS, ends(last="ValueError: loss is nan at step 812"), ONE),
    told(
        "no GPU",
        Cause.TRACEBACK,
        ends(last="RuntimeError: No CUDA GPUs are available"),
        ONE,
        summary=("no GPU",),
    ),
)
