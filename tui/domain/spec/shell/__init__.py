"""Shell scripts in a job spec: read, never run, and looked through for what goes wrong on Vertex AI."""
