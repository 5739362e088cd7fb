"""Whether the project is ready for a job: facts in, rows of findings and fixes out."""
