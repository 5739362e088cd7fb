"""Cloud Storage of the local server: objects as files, their metadata in SQLite, the JSON API over HTTP.

- `objects` is the store, `copying` makes new objects out of stored ones, `bulk` many at once, `upkeep` does
  what is due by itself. Their parts: `buckets` and `bucket_settings`, `folders`, `listing`, `metadata`,
  `acl`, `holds`, `lifecycle`, `contents` over `blobs`, `schema`; what they share: `names`, `rows`, `errors`.
- `http` mounts the API; every call goes through `api.refusing` under the name that Google's discovery
  document gives it. `bucket_calls`, `object_calls`, `acl_calls`, `folder_calls`, `operations` and
  `other_calls` answer JSON calls (`calls` is what such a call is), `uploads`, `media`, `batch` and `xml` the
  rest; `access` says who may, `encryption` with which key, `resources` and `fields` how an answer looks.
"""
