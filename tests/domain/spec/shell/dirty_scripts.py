"""Scripts that go wrong without a word, and what is to be said of them, by line and code."""

from __future__ import annotations

HIDDEN: dict[str, tuple[str, list[tuple[int, str]]]] = {
    "a line each": ("python train.py\ngsutil cp -r out gs://$BUCKET/\n", [(1, "shell-hidden-failure")]),
    "a semicolon": ("python train.py; gsutil cp -r out gs://$BUCKET/", [(1, "shell-hidden-failure")]),
    "an echo at the end": ("python train.py\necho done", [(1, "shell-hidden-failure")]),
    "exit 0 at the end": ("python train.py\nexit 0", [(1, "shell-hidden-failure")]),
    "a missing && behind a comment": (
        "pip install a &&\npython train.py # train\n# and copy\ngsutil cp -r out gs://$BUCKET/\n",
        [(2, "shell-hidden-failure")],
    ),
    "the middle of a chain under set -e": (
        "set -e\npip install a && python train.py && gsutil ls\ngsutil cp -r out gs://$BUCKET/\n",
        [(2, "shell-hidden-failure")],
    ),
    "a list with && and then a semicolon": (
        "cd . && python train.py; gsutil cp -r out gs://$BUCKET/",
        [(1, "shell-hidden-failure")],
    ),
    "a loop": (
        "for seed in 1 2; do\n  python train.py $seed\n  echo $seed\ndone\n",
        [(2, "shell-hidden-failure")],
    ),
    "a list with && in a loop": (
        "for seed in 1 2; do\n  python train.py $seed && echo $seed\ndone; echo done\n",
        [(2, "shell-hidden-failure")],
    ),
    "a function": (
        "train() {\n  python train.py\n  echo done\n}\ntrain\n",
        [(2, "shell-hidden-failure")],
    ),
    "a function that is not the last": (
        "train() {\n  python train.py\n}\ntrain\ngsutil cp -r out gs://$BUCKET/\n",
        [(4, "shell-hidden-failure")],
    ),
    "a subshell": ("(python train.py; date)\n", [(1, "shell-hidden-failure")]),
    "a group whose failure is asked for": (
        "set -e\n{ python train.py; date; } || exit 1\n",
        [(2, "shell-hidden-failure")],
    ),
    "a branch": (
        "if [ -d . ]; then\n  python train.py\n  date\nelse\n  date\nfi\n",
        [(2, "shell-hidden-failure")],
    ),
    "a case": (
        "case x in\n  x) python train.py; date ;;\n  *) date ;;\nesac\n",
        [(2, "shell-hidden-failure")],
    ),
    "set -e switched off": ("set -e\nset +e\npython train.py\nset -e\ndate\n", [(3, "shell-hidden-failure")]),
    "set -e too late": ("python train.py\nset -e\ndate\n", [(1, "shell-hidden-failure")]),
    "set -e in a subshell only": ("(set -e)\npython train.py\ndate\n", [(2, "shell-hidden-failure")]),
    "a shebang is a comment": ("#!/bin/bash -e\npython train.py\ndate\n", [(2, "shell-hidden-failure")]),
    "uv run": ("uv run python train.py\ndate\n", [(1, "shell-hidden-failure")]),
    "wrappers": ("nohup timeout 6h python -u train.py\ndate\n", [(1, "shell-hidden-failure")]),
    "a variable before": ("CUDA_VISIBLE_DEVICES=0 python train.py\ndate\n", [(1, "shell-hidden-failure")]),
    "tee": ("python train.py 2>&1 | tee train.log\n", [(1, "shell-pipe")]),
    "tee under set -e": ("set -e\npython train.py |& tee train.log\ndate\n", [(2, "shell-pipe")]),
    "a filter": ("set -e\npython train.py | grep -v warning | cat\n", [(2, "shell-pipe")]),
    "tee with exit": ("python train.py | tee a.log || exit 1\n", [(1, "shell-pipe")]),
    "tee in a condition": (
        "if python train.py | tee a.log; then date; else exit 1; fi\n",
        [(1, "shell-pipe")],
    ),
    "|| true": ("set -e\npython train.py || true\n", [(2, "shell-ignored-failure")]),
    "|| :": ("python train.py || :", [(1, "shell-ignored-failure")]),
    "|| echo": ("set -e\npython train.py || echo failed >&2\ndate\n", [(2, "shell-ignored-failure")]),
    "&& and || echo": (
        "set -e\npython train.py && echo good || echo bad\n",
        [(2, "shell-ignored-failure")],
    ),
    "|| exit 0": ("python train.py || exit 0\n", [(1, "shell-ignored-failure")]),
    "|| with a group": ("python train.py || { echo failed; date; }\n", [(1, "shell-ignored-failure")]),
    "|| true on purpose": (
        "set -e\npython train.py || true  # as intended\n",
        [(2, "shell-ignored-failure")],
    ),
    "the status of an echo kept": (
        "python train.py || echo failed\nrc=$?\nexit $rc\n",
        [(1, "shell-ignored-failure")],
    ),
    "a status that nothing sets": (
        "rc=0\npython train.py || echo failed\nexit $rc\n",
        [(2, "shell-ignored-failure")],
    ),
    "the status of something else kept": (
        "date\nrc=$?\npython train.py || true\nexit $rc\n",
        [(3, "shell-ignored-failure")],
    ),
    "a status kept too late": (
        "python train.py || true\nrc=0\npip list || rc=$?\nexit $rc\n",
        [(1, "shell-ignored-failure")],
    ),
    "a bare wait": (
        "set -e\nfor gpu in 0 1; do\n  python train.py $gpu &\ndone\nwait\n",
        [(5, "shell-wait")],
    ),
    "a bare wait for two": ("python train.py & python train.py 2 &\nwait\n", [(2, "shell-wait")]),
    "nothing waits": ("nohup python train.py > log 2>&1 &\n", [(1, "shell-no-wait")]),
}
"""Scripts that end well although `python` fails: the tests run them with one that does."""

OTHERS: dict[str, tuple[str, list[tuple[int, str]]]] = {
    "a copy is hidden": ("set +x\ngsutil cp -r out gs://$BUCKET/\ndate\n", [(2, "shell-hidden-failure")]),
    "a copy is forgiven": (
        "set -e\npython a.py\ngsutil cp -r out gs://$BUCKET/ || true\n",
        [(3, "shell-ignored-failure")],
    ),
    "a trap that is also called": (
        "set -e\nsave() { gsutil cp -r out gs://$BUCKET/ || true; }\ntrap save EXIT\npython train.py\nsave\n",
        [(2, "shell-ignored-failure")],
    ),
    "preparation": ("pip install -r a.txt\npython train.py\n", [(1, "shell-goes-on")]),
    "data": ("gsutil cp -r gs://$BUCKET/data .\npython train.py\n", [(1, "shell-goes-on")]),
    "preparation in a chain": (
        "set -e\ngit clone https://x/y.git && cd y && pip install .\npython train.py\n",
        [(2, "shell-goes-on")],
    ),
    "a misspelt name": ("python a.py --out gs://$BUKET/x\n", [(1, "shell-unset-variable")]),
    "a name of nothing": ('set -e\npython a.py\necho "${NOWHERE}/x"\n', [(3, "shell-unset-variable")]),
    "a name in a here-document": ("cat <<END\nrun: $RUNNAME\nEND\n", [(2, "shell-unset-variable")]),
    "a name in a substitution": ('x="$(ls "$NOWHERE")"\necho $x\n', [(1, "shell-unset-variable")]),
    "a name in arithmetic": ("echo $(( $NOWHERE + 1 ))\n", [(1, "shell-unset-variable")]),
    "a name in a pattern": ("echo ${BUCKET%/$NOWHERE}\n", [(1, "shell-unset-variable")]),
    "a token that nobody passes": ("hf auth login --token $HF_TOKN\n", [(1, "shell-unset-variable")]),
    "a folder of nearly that name": (
        "set -e\ngit clone https://github.com/a/my-repo.git\ncd my_repo\n",
        [(3, "shell-cd")],
    ),
    "a folder with the branch": (
        "git clone -b dev git@github.com:a/repo.git && cd repo-dev\n",
        [(1, "shell-cd")],
    ),
    "a folder under its old name": ("git clone https://x/repo src && cd repo\n", [(1, "shell-cd")]),
    "a bucket is no folder": ("cd gs://$BUCKET/data && ls\n", [(1, "shell-cd")]),
    "single quotes around a place": (
        "set -e\npython a.py\ngsutil cp -r out 'gs://$BUCKET/out'\n",
        [(3, "shell-unexpanded")],
    ),
}
"""More of them."""
