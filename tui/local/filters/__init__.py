"""The filter languages of Cloud Logging and of Vertex AI lists."""
