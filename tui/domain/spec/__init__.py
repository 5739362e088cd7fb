"""The job spec: a document with places, its schema, its checks, and the request made from it."""
