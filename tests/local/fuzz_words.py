"""Words of which malformed and hostile requests are made."""

from __future__ import annotations

JOBS = "/v1/projects/local-project/locations/europe-west4/customJobs"
PATHS = (
    ("POST", JOBS),
    ("GET", JOBS),
    ("GET", f"{JOBS}/1"),
    ("DELETE", f"{JOBS}/1"),
    ("POST", f"{JOBS}/1:cancel"),
    ("GET", "/v1/projects/local-project/locations/europe-west4/operations/1"),
    ("POST", "/v2/entries:write"),
    ("POST", "/v2/entries:list"),
    ("GET", "/v1/projects/local-project/services"),
    ("POST", "/v1/projects/local-project/services:batchEnable"),
    ("GET", "/v1/projects/local-project/services:batchGet"),
    ("GET", "/v1/projects/local-project"),
    ("POST", "/v1/projects/local-project:getIamPolicy"),
    ("POST", "/v1/projects/local-project:testIamPermissions"),
    ("POST", "/v3/projects/local-project:testIamPermissions"),
    ("GET", "/v1/projects/local-project/serviceAccounts"),
    ("GET", "/storage/v1/b"),
    ("POST", "/storage/v1/b?project=local-project"),
    ("GET", "/storage/v1/b/fuzz"),
    ("PATCH", "/storage/v1/b/fuzz"),
    ("GET", "/storage/v1/b/fuzz/o"),
    ("GET", "/storage/v1/b/fuzz/o/name"),
    ("PATCH", "/storage/v1/b/fuzz/o/name"),
    ("DELETE", "/storage/v1/b/fuzz/o/name"),
    ("POST", "/storage/v1/b/fuzz/o/name/rewriteTo/b/fuzz/o/other"),
    ("POST", "/storage/v1/b/fuzz/o/name/compose"),
    ("GET", "/download/storage/v1/b/fuzz/o/name?alt=media"),
    ("POST", "/upload/storage/v1/b/fuzz/o?uploadType=media&name=name"),
    ("POST", "/upload/storage/v1/b/fuzz/o?uploadType=multipart"),
    ("POST", "/upload/storage/v1/b/fuzz/o?uploadType=resumable&name=name"),
    ("PUT", "/upload/storage/v1/b/fuzz/o?upload_id=1"),
    ("POST", "/batch/storage/v1"),
    ("POST", "/fuzz/name?uploads"),
    ("PUT", "/fuzz/name?uploadId=1&partNumber=1"),
    ("GET", "/"),
    ("GET", "/_as/token/v1/projects"),
)
"""Where requests go before they are bent; the admin API is left out, since it does what it is told."""

METHODS = (
    "/google.cloud.aiplatform.v1.JobService/CreateCustomJob",
    "/google.cloud.aiplatform.v1.JobService/ListCustomJobs",
    "/google.cloud.aiplatform.v1.JobService/GetCustomJob",
    "/google.logging.v2.LoggingServiceV2/WriteLogEntries",
    "/google.logging.v2.LoggingServiceV2/ListLogEntries",
    "/google.longrunning.Operations/GetOperation",
    "/google.api.serviceusage.v1.ServiceUsage/ListServices",
    "/google.cloud.resourcemanager.v3.Projects/GetProject",
    "/google.cloud.resourcemanager.v3.Projects/GetIamPolicy",
    "/google.iam.admin.v1.IAM/ListServiceAccounts",
    "/no.such.Service/Method",
)
"""gRPC methods; streams are asked one message."""

FIELDS = """
    customJob displayName jobSpec workerPoolSpecs machineSpec machineType acceleratorType replicaCount
    containerSpec imageUri command args env scheduling timeout labels name state error createTime parent
    pageSize pageToken filter readMask orderBy resourceNames entries logName resource type severity
    timestamp textPayload jsonPayload httpRequest insertId options requestedPolicyVersion permissions
    serviceIds bucket kind metadata contentType generation size acl lifecycle rule action condition
    versioning enabled sourceObjects retention location storageClass cors website iamConfiguration @type
    fields alt key etag bindings members
""".split()  # noqa: SIM905  # a column of strings would be longer than all else
"""Names that mean something somewhere, in places where they may not."""

QUERIES = """
    alt=proto alt=xml $alt=json%3Benum-encoding%3Dint prettyPrint=false fields=customJobs.name
    fields=a(b fields=nextPageToken,%2A fields=items(name pageSize=-1 pageSize=99999999999999999999
    pageSize=x pageToken=%00 pageToken=eyJ9 filter=state%3D filter=%22 filter=a%3Db%20AND%20(%20NOT
    readMask=display_name readMask=a.b.c readMask=%2C%2C key=x access_token=x callback=f
    uploadType=media uploadType=resumable uploadType=%FF name=..%2F..%2Fx name=%00 name= maxResults=x
    maxResults=-1 delimiter=%2F%2F prefix=%FF versions=maybe ifGenerationMatch=x
    generation=99999999999999999999 projection=foo parent=projects%2Fother customJob.displayName=x
    customJob=x labels.a=b names=a names=b partNumber=0 uploadId=%2e%2e $.xgafv=2 =%3D && %%%
    softDeleted=true userProject=%00 startOffset=%F0%9F%98%80
""".split()  # noqa: SIM905  # a column of strings would be longer than all else

HEADERS = (
    "Content-Type: application/json",
    "Content-Type: application/x-protobuf",
    "Content-Type: application/x-www-form-urlencoded",
    "Content-Type: multipart/related; boundary=b",
    "Content-Type: multipart/mixed; boundary='b'",
    "Content-Type: multipart/related",
    'Content-Type: ;;="',
    "Content-Encoding: gzip",
    "Content-Encoding: nonsense",
    "X-HTTP-Method-Override: GET",
    "X-HTTP-Method-Override: \u00ff",
    "Authorization: Bearer nonsense",
    "Authorization: \u00ff",
    "Range: bytes=5-2",
    "Range: bytes=-0,5-,x",
    "Content-Range: bytes 0-1/*",
    "Content-Range: bytes */x",
    "X-Upload-Content-Type: \u00e9",
    "X-Goog-Hash: crc32c=,md5=%%",
    "X-Goog-Encryption-Algorithm: AES256",
    "X-Goog-Encryption-Key: ????",
    'If-Match: "x"',
    "Expect: 100-continue",
    "Expect: nonsense",
    "Accept-Encoding: \u00ff",
    "Host: evil.example",
    "Origin: https://evil.example",
    "Transfer-Encoding: chunked",
    "Content-Length: 5",
    "Content-Length: -5",
    "Connection: Upgrade",
    "Upgrade: h2c",
    "X-Goog-User-Project: \u00e9",
    "Cookie: a=b",
    "X: " + "x" * 9000,
)

ODD_BODIES = (
    b"",
    b" ",
    b"null",
    b"[]",
    b'"x"',
    b"0",
    b"{",
    b"}",
    b"[" * 50_000,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b'{"jsonPayload":' * 200 + b"{}" + b"}" * 200,
    b'{"pageSize": NaN}',
    b'{"pageSize": -Infinity}',
    b'{"pageSize": 1e999}',
    b'{"pageSize": ' + b"9" * 5_000 + b"}",
    b'{"displayName": "\\ud800"}',
    b'{"displayName": "\\u00"}',
    b'{"displayName": "\xff\xfe"}',
    b"\xef\xbb\xbf{}",
    b"\xff\xfe{\x00}\x00",
    b'{"a": 1, "a": 2}',
    b"{'a': 1}",
    b'{"a": 1,}',
    b"{} {}",
    b'{"\x00": 1}',
    b"a=b&c=d",
    b"<xml/>",
    b"<CompleteMultipartUpload><Part></Part></CompleteMultipartUpload>",
)

TEXTS = (
    "",
    ".",
    "..",
    "../..",
    "fuzz",
    "name",
    "1",
    "-",
    "*",
    "**",
    "a" * 1025,
    "\u0000",
    "a\nb",
    "\u00e9",
    "\U0001f600",
    "e\u0301",
    "\ufeff",
    "\u202e",
    "%2e%2e",
    "a/b",
    "{name=*}",
    "null",
    "local-project",
    "projects",
    "'; drop table jobs; --",
    "${HOME}",
    "$(true)",
    "\\",
    '"',
    "\u00df" * 300,
)

VALUES = (
    None,
    True,
    False,
    0,
    1,
    -1,
    1.5,
    2**31,
    2**63,
    -(2**64),
    1e308,
    float("nan"),
    float("inf"),
    "1",
    "9" * 400,
    "",
    "2026-01-01T00:00:00Z",
    "2026-13-45T99:00:00Z",
    "3600s",
    "3600",
    "-1s",
    "1e9s",
    "JOB_STATE_RUNNING",
    "type.googleapis.com/google.rpc.Status",
    "projects/local-project",
    "a,b.c",
    "AAAA",
    "====",
)

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW", "get")

PLACES = {
    "parent": (
        "projects/local-project/locations/europe-west4",
        "projects/local-project",
        "projects/-/locations/-",
    ),
    "name": (
        "projects/local-project/locations/europe-west4/customJobs/1",
        "projects/local-project",
        "projects/local-project/services/aiplatform.googleapis.com",
        "operations/1",
    ),
    "resource": ("projects/local-project",),
    "resource_names": ("projects/local-project", "projects/other", "folders/1"),
    "log_name": ("projects/local-project/logs/fuzz", "projects/local-project/logs/a%2Fb"),
    "machine_type": ("n1-standard-4", "g2-standard-4"),
    "display_name": ("fuzz",),
    "service_ids": ("logging.googleapis.com",),
    "permissions": ("logging.logEntries.list", "*"),
    "page_token": ("", "eyJhIjoxfQ==", "AAAA"),
    "order_by": ("timestamp desc", "timestamp asc", "create_time desc", "x"),
    "type": ("global", "ml_job", "gce_instance"),
    "command": ("true",),
    "paths": ("display_name", "labels", "x.y"),
}
"""Texts with which a request gets past the first checks, by the field that wants them."""

FILTER_PARTS = (
    "AND",
    "OR",
    "NOT",
    "(",
    ")",
    "-",
    "=",
    "!=",
    "<",
    ">=",
    ":",
    "=~",
    "!~",
    '"',
    '"a b"',
    "state",
    "severity",
    "timestamp",
    "textPayload",
    "jsonPayload.a",
    "labels.x",
    'labels."a/b"',
    "resource.labels.job_id",
    "logName",
    "display_name",
    "create_time",
    "JOB_STATE_RUNNING",
    "ERROR",
    '"2026-01-01T00:00:00Z"',
    "1",
    "*",
    "\\",
    "a.b.c",
    "insertId",
    "(?P<",
    "[",
    "((a+)+)+$",
    "httpRequest.status",
    "proto",
    "\u00e9",
    "\n",
    ".",
    ",",
    "sample(",
    "true",
)
