"""The admin API, `/_local/…` over HTTP for the owner alone: faults, quotas, seeds, recordings, time."""
