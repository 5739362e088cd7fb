"""The reader: what it sees in a script, and that no text makes it slow or fail."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.domain.spec.shell.scripts import CLEAN
from tests.examples import examples
from tui.domain.spec.shell.lint import lint_script
from tui.domain.spec.shell.reader import MAX_CHARACTERS, read
from tui.domain.spec.shell.tree import Script

PIECES = [
    *(
        "a",
        "python train.py",
        "$X",
        "${X:-",
        "}",
        "$(",
        ")",
        "(",
        "`",
        "'",
        '"',
        "\\",
        "\n",
        ";",
        "&",
        "&&",
        "||",
    ),
    *(
        "|",
        "|&",
        "<",
        ">",
        "<<END\n",
        "\nEND\n",
        "<<<",
        "{ ",
        "; }",
        "if ",
        "; then ",
        "; fi",
        "while ",
        "; do ",
    ),
    *(
        "; done",
        "case x in ",
        ";;",
        "esac",
        "for i in ",
        "f() ",
        "[[ ",
        " ]]",
        "((",
        "))",
        "$((",
        "# ",
        "! ",
        "=",
    ),
    *(" ", "\t", "é", "set -e", "cd x", "wait", "x=(", "$'", "2>", "&>", "\\\n", "~", "*", "!", "exit 1"),
]


def seen(text: str) -> Script:
    script = read(text)
    assert script is not None
    return script


def commands(text: str) -> list[str]:
    return [text[item.start : item.end] for item in seen(text).commands]


def test_commands_are_seen_where_they_stand() -> None:
    text = "a  b # c\n(x y) 2>&1\nif a; then b; fi && \\\n  c <<E && d   # x\n $E `f g`\nE\n"
    text += "h() { i; }; j | k &\n"
    assert commands(text) == ["a  b", "x y", "a", "b", "c <<E", "d", "f g", "i", "j", "k"]
    script = seen(text)
    assert [(text[item.start : item.end], item.ender) for item in script.body] == [
        ("a  b", "\n"),
        ("(x y) 2>&1", "\n"),
        ("if a; then b; fi && \\\n  c <<E && d", "\n"),
        ("h() { i; }", ";"),
        ("j | k", "&"),
    ]
    assert list(script.functions) == ["h"]


def test_words_lose_their_quotes_and_keep_their_expansions() -> None:
    (simple,) = seen("""a 'b c'"d $E"f\\ g "\\$x \\y" $'t\\t' h="i" > "o p" 2>&1""").commands
    assert [word.text for word in simple.words] == ["a", "b cd $Ef g", "$x \\y", "$'t\\t'", "h=i"]
    assert [word.plain for word in simple.words] == [True, False, True, True, True]
    assert simple.words[1].names == ("E",)
    assert [(item.operator, item.target.text) for item in simple.redirects] == [(">", "o p"), (">&", "1")]


def test_variables_are_seen_with_what_provides_for_them() -> None:
    text = "a $B ${C} ${D:-$E} ${#F} ${G:=1} ${H?} '$I' \"$J\" $(( K + $L )) ${M[$N]} $1 ${O/x/$P}"
    used = {use.name: use.guarded for use in seen(text).uses}
    guarded = {"D", "F", "G", "1"}
    assert used == {name: name in guarded for name in "BCDEFGHJLMNOP1"}
    assert seen("A=1 b; for C in d; do (( E += 1, F++ )); done; G[1]=x; read x").assigned == set("ACEFG")


@pytest.mark.parametrize(
    "text",
    [
        "echo 'x",
        'echo "x',
        "echo $(x",
        "echo `x",
        "echo ${x",
        "(a",
        "a)",
        "if a; then b",
        "for x in a; b; done",
        "case x in a) b",
        "a | | b",
        "a &&",
        "; a",
        "cat <<E\nx",
        "{ a }",
        "done",
    ],
)
def test_what_is_not_a_script_is_not_read(text: str) -> None:
    assert read(text) is None
    assert lint_script(text) == []


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "  \t", ":", "a\\\n", "a # b"])
def test_little_is_read_as_well(text: str) -> None:
    assert read(text) is not None
    assert lint_script(text) == []


MANY = 10_000
HOSTILE = {
    "substitutions": "$(" * MANY,
    "subshells": "(" * MANY + "a" + ")" * MANY,
    "subshells with blanks": "( " * MANY,
    "quoted substitutions": '"$(' * MANY,
    "double quotes": '"' * (MANY + 1),
    "single quotes": "'" * (MANY + 1),
    "backquotes": "`" * (MANY + 1),
    "braces": "${a:-" * MANY + "}" * MANY,
    "arithmetic": "$((" * MANY,
    "groups": "{ " * MANY,
    "conditions": "if " * MANY,
    "loops": "while a; do " * MANY,
    "cases": "case a in " * MANY,
    "functions": "f() { :; }\n" * MANY,
    "functions that call each other": "".join(f"f{n}() {{ f{n + 1}; f{n}; }}\n" for n in range(3_000)),
    "unknown names": "".join(f"echo $NAME_{n}x\n" for n in range(5_000)),
    "here-documents": "cat <<A\n" * MANY,
    "here-documents at once": "cat " + "<<A " * MANY + "\n",
    "continued lines": "\\\n" * 100_000,
    "blanks": " " * 300_000 + "x",
    "blanks and comments": "a   # b\n" * 5_000,
    "backquotes in a row": "`a` " * MANY,
    "a long name": "((" + "a" * 300_000 + "))",
    "names in arithmetic": "((" + "a " * 100_000 + "))",
    "brackets": "a[" * 100_000,
    "ampersands": "&" * 300_000,
    "a chain": "python a.py && " * 5_000 + "a",
    "many that are hidden": "set -e\n" + "python a.py && pip install b\n" * 3_000,
    "many pipes": "python a.py | tee b\n" * 3_000,
    "many in the background": "python a.py &\n" * 5_000 + "wait",
    "many folders": "git clone x/y\ncd z\n" * 3_000,
    "5 MB": "python train.py --x 1\n" * 240_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_makes_it_fail(name: str) -> None:
    found = lint_script(HOSTILE[name], outputs_stay=True)
    assert len(found) <= 4_000


def test_long_scripts_are_left_alone() -> None:
    assert read("a" * (MAX_CHARACTERS + 1)) is None
    assert read("a\n" * 20_000) is None


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@example("a <<<b")
@examples(600)
def test_what_is_found_stands_in_the_script(text: str) -> None:
    for finding in lint_script(text, outputs_stay=True):
        assert 0 <= finding.at < len(text)
        for change in finding.changes:
            assert 0 <= change.start <= change.end <= len(text)


@given(st.text(max_size=200))
def test_any_text_is_survived(text: str) -> None:
    lint_script(text)


@given(st.sampled_from(sorted(CLEAN)), st.integers(0, 2_000), st.integers(0, 20))
@examples(200)
def test_scripts_with_a_hole_are_survived(name: str, start: int, length: int) -> None:
    text = CLEAN[name]
    lint_script(text[:start] + text[start + length :])
