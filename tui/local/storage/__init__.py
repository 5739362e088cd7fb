"""Cloud Storage of the local server: objects as files, their metadata in SQLite, the JSON API over HTTP.

- `objects` is the store; `buckets`, `listing`, `metadata`, `blobs` and `schema` are its parts, `names`,
  `rows` and `errors` what they share.
- `http` mounts the API: `bucket_calls` and `object_calls` answer JSON calls, `uploads`, `media`, `batch` and
  `xml` the rest; `access` says who may, `resources` and `fields` how an answer looks.
"""
