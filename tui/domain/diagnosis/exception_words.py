"""Words and names by which exceptions are recognised; words in small letters."""

from __future__ import annotations


def names(text: str) -> frozenset[str]:
    """Class names, separated by spaces."""
    return frozenset(text.split())


GPU = (
    "cuda out of memory",
    "cuda error: out of memory",
    "cuda_error_out_of_memory",
    "cudaerrormemoryallocation",
    "hip out of memory",
    "hip error: out of memory",
    "hiperroroutofmemory",
    "xpu out of memory",
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
    "resource_exhausted: out of memory",
    "resource_exhausted: xla:tpu",
    "ran out of memory in memory space hbm",
    "resource_exhausted: failed to allocate",
    "oom when allocating tensor",
    "no available memory for the cache blocks",
)
HOST = (
    "cannot allocate memory",
    "can't allocate memory",
    "[errno 12]",
    "std::bad_alloc",
    "is killed by signal: killed",
    "memory on the node",
    "by allocator cpu",
    "by allocator mklcpu",
)
MAYBE_HOST = (
    "exited unexpectedly",
    "terminated abruptly",
    "excessive memory usage",
    "terminated with signal sigkill",
    "signals.sigkill",
    "signal 9 (sigkill)",
    "exitcode: -9",
    "exitcode  : -9",
)
SHARED = ("killed by signal: bus error", "shared memory limit", "unable to open shared memory", "ancdata")
DISK = (
    "no space left on device",
    "[errno 28]",
    "disk quota exceeded",
    "[errno 122]",
    "os error 28",
    "storagefull",
)
HUB = (
    "gated repo",
    "is restricted. you must",
    "invalid user token",
    "is a gated dataset",
    "not in the authorized list",
    "token is required (`token=true`)",
    "you need to be logged in to access",
    "invalid username or password",
    "401 client error: unauthorized for url: https://huggingface.co",
    "403 client error: forbidden for url: https://huggingface.co",
    "repository not found for url: https://huggingface.co",
)
NCCL = (
    "nccl error",
    "ncclsystemerror",
    "ncclinternalerror",
    "ncclremoteerror",
    "ncclunhandledcudaerror",
    "nccl communicator",
    "watchdog caught collective operation timeout",
    "store based barrier",
    "connection closed by peer [",
    "gloo/transport",
    "gloo connectfullmesh",
    "clients joined",
    "barrier timed out",
    "coordination service",
    "collective ops is aborted",
    "rendezvous",
    "tcpstore",
    "process group watchdog",
    "broadcastuniquencclid",
    "getting ncclcomm",
)
NO_GPU = (
    "found no nvidia driver",
    "no cuda gpus are available",
    "torch not compiled with cuda enabled",
    "cuda driver version is insufficient",
    "torch.cuda.is_available() is false",
    "cuda_error_no_device",
    "no gpu/tpu found",
    "requires a gpu",
)
NETWORK_WORDS = (
    "max retries exceeded with url",
    "name or service not known",
    "temporary failure in name resolution",
    "failed to resolve",
    "[errno 101]",
    "[errno 110]",
    "[errno 113]",
    "network is unreachable",
    "we couldn't connect to 'https",
    "couldn't reach",
    "an error happened while trying to locate the file on the hub",
    "failed to establish a new connection",
    "<urlopen error",
    "too many requests",
    "bad gateway",
    "gateway time-out",
    "503 server error",
    "502 server error",
    "504 server error",
    "500 server error",
    "run initialization has timed out",
    "network error",
)
NETWORK_NAMES = names(
    "ConnectionError ConnectTimeout ReadTimeout MaxRetryError NewConnectionError NameResolutionError"
    " gaierror URLError ConnectError ReadError RemoteDisconnected ProtocolError ClientConnectorError"
    " ClientConnectorDNSError ServerDisconnectedError SSLError SSLCertVerificationError ServiceUnavailable"
    " DeadlineExceeded RetryError ChunkedEncodingError IncompleteRead LocalEntryNotFoundError"
    " OfflineModeIsEnabled ProxyError ServerError EndpointConnectionError ReadTimeoutError"
    " ConnectTimeoutError TransportError"
)
REFUSED = (
    "access to the google cloud",
    "' denied on resource",
    "access_denied",
    "accessdenied",
    "access denied",
    "permission_denied",
    "anonymous caller",
    "insufficient permission",
    "unable to locate credentials",
    "forbidden: https://",
    "403 forbidden",
    "http error 403",
    "http error 401",
    "401 unauthorized",
    "401 client error",
    "403 client error",
    "status code: 403",
    "does not have storage.",
    ".gserviceaccount.com does not have ",
    "invalid_grant",
    "could not automatically determine credentials",
    "default credentials were not found",
)
REFUSED_NAMES = names(
    "Forbidden PermissionDenied Unauthenticated Unauthorized DefaultCredentialsError RefreshError"
    " NoCredentialsError InvalidCredentials AccessDenied AccessDeniedException GoogleAuthError"
)
ARGUMENTS = (
    "not used by the hfargumentparser",
    "could not override",
    "in 'overrides' or in",
    "unrecognized arguments",
    "unknown command line flag",
    "is not in struct",
)
MODEL_SAYS = (
    "is not a valid model identifier",
    "is not a local folder and is not a valid",
    "doesn't exist on the hub",
)
MODEL_NAMES = names("GatedRepoError RepositoryNotFoundError LocalTokenNotFoundError DisabledRepoError")
