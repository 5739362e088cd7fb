"""The stand-in: a local server that speaks Google's protocols and really runs jobs on this box.

A map of the rooms, from the outside in:

- `launcher`: finds, starts and stops the server's process; standard library and psutil only.
- `__main__`, `server`: the process: one gRPC server on a Unix socket, one HTTP server on loopback.
- `wire/`: how calls come in. One table of methods (`methods`) from which both the gRPC handlers
  (`grpc_front`) and the REST routes (`rest_front`) are made; `dispatch` is the one way from a call to its
  handler, `errors` the one shape of a refusal, `gtypes` Google's own message types.
- `api/`: the services themselves: Vertex jobs, operations, Logging, Service Usage, Resource Manager, IAM.
- `access`, `gate`, `project_rules`: which role holds which permission; what has to hold before a handler
  runs; what the project's state and its organization forbid.
- `filters/`: the filter languages of Logging and of Vertex lists, one grammar.
- `jobs/`: `engine` looks after all jobs; `course` is one job, `attempt` one try at it, `crew` the replicas of
  that, `endings` what their ends mean; `runner` is the small process over each replica; `output` turns what
  replicas print into log entries.
- `state/`: SQLite: jobs, log entries, operations, policy, services, tokens.
- `faults/`, `admin/`: what goes wrong on request; the owner's own API for faults, quotas, seeds, recordings.
- `recordings/`, `seed/`, `clock`: jobs that ran elsewhere or never and are only shown; the speed of time.
- `storage/`, `shims/`: the Storage JSON API, and the tools a job finds on its PATH.
- `guard`, `peer`, `private`: who may connect, and what nobody else may read.
- `front_door/`, `client_env`, `environ`: Google's own host names, answered here; what a shell's environment
  has to be for Google's clients to find them, and how that is undone.
"""
