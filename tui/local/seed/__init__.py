"""Made-up jobs, logs and objects, for practice and tests of scale; the same ones for the same seed.

`histories` invents jobs, `failures` what goes wrong with them, `lines` their logs, `outputs` their objects;
`loading` brings all of it to the server. Nothing of it is ever run.
"""
