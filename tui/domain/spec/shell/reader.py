"""A tolerant reader of POSIX shell and bash: one pass, no recursion without limit, nothing is run."""

from __future__ import annotations

import re

from tui.domain.spec.shell.tree import (
    NAME_TEXT,
    Compound,
    Pipeline,
    Redirect,
    Script,
    Sequence,
    Shape,
    Simple,
    Statement,
)
from tui.domain.spec.shell.words import BARE, BETWEEN_WORDS, UnreadableError, WordReader

MAX_CHARACTERS = 400_000
"""Longer scripts are not read."""

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[[^\]\n]*\])?\+?=")
_REDIRECT = re.compile(r"<<<|<<-?|<>|<&|>>|>&|>\||&>>|&>|<|>")
_CLOSERS = frozenset({"then", "elif", "else", "fi", "do", "done", "esac", "}"})
_OPENERS = frozenset({"{", "if", "while", "until", "for", "select", "case", "function", "[["})
_RESERVED = _CLOSERS | _OPENERS
_LOOSE = "<>()&|"
"""Operators inside `[[ ]]`."""


class _Reader(WordReader):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.functions: dict[str, Compound] = {}

    def _reserved(self) -> str:
        """The reserved word that comes next, or empty."""
        found = BARE.match(self.text, self.at, self.end)
        if not found or found.group() not in _RESERVED:
            return ""
        alone = found.end() == self.end or self.text[found.end()] in BETWEEN_WORDS
        return found.group() if alone else ""

    def _take(self, word: str) -> None:
        if self._reserved() != word:
            raise UnreadableError
        self.at += len(word)

    def sequence(self, stops: frozenset[str], close: str) -> Sequence:
        statements: Sequence = []
        while True:
            self.space()
            if self.at >= self.end:
                if stops or close:
                    raise UnreadableError
                return statements
            if close and self.peek() == close:
                return statements
            if (";;" in stops and (self.starts(";;") or self.starts(";&"))) or (
                stops and self._reserved() in stops
            ):
                return statements
            statements.append(self._statement())

    def _statement(self) -> Statement:
        pipelines, joints = [self._pipeline()], []
        end = self.token_end
        self.blank()
        while self.starts("&&") or self.starts("||"):
            joints.append(self.text[self.at : self.at + 2])
            self.at += 2
            self.space()
            pipelines.append(self._pipeline())
            end = self.token_end
            self.blank()
        statement = Statement(pipelines, joints, end)
        char = self.peek()
        if char == "&" or (char == ";" and self.peek(1) not in (";", "&")):
            statement.ender = char
            self.at += 1
        elif char == "\n":
            statement.ender = char
        elif char and char not in ");":
            raise UnreadableError
        return statement

    def _pipeline(self) -> Pipeline:
        negated = False
        while found := BARE.match(self.text, self.at, self.end):
            if found.group() not in ("!", "time"):
                break
            negated = negated != (found.group() == "!")
            self.at = found.end()
            self.blank()
            if found.group() == "time" and self.starts("-p "):
                self.at += 2
                self.blank()
        pipeline = Pipeline([self._command()], negated)
        self.blank()
        while self.peek() == "|" and self.peek(1) != "|":
            self.at += 2 if self.peek(1) == "&" else 1
            self.space()
            pipeline.commands.append(self._command())
            self.blank()
        return pipeline

    def _command(self) -> Simple | Compound:
        self.spend()
        if self.peek() == "(":
            command = self._parenthesis()
        elif word := self._reserved():
            if word in _CLOSERS:
                raise UnreadableError
            if word == "[[":
                return self._test()
            command = self._compound(word)
        else:
            return self._simple()
        command.end = self.at
        self._redirects()
        return command

    def _redirects(self) -> None:
        """Redirections behind a compound command."""
        while True:
            self.blank()
            at = self.at
            while self.peek().isdecimal():
                self.at += 1
            if not (self.peek() in ("<", ">") or self.starts("&>")):
                self.at = at
                return
            self._redirect()

    def _parenthesis(self) -> Compound:
        start = self.at
        if self.starts("(("):
            self.arithmetic()
            return Compound(Shape.ARITHMETIC, start)
        self.deeper()
        self.at += 1
        body = self.sequence(frozenset(), ")")
        self.at += 1
        self.depth -= 1
        return Compound(Shape.SUBSHELL, start, bodies=[body])

    def _compound(self, word: str) -> Compound:
        self.deeper()
        start = self.at
        self.at += len(word)
        if word == "{":
            compound = Compound(Shape.GROUP, start, bodies=[self._until("}")])
        elif word == "if":
            compound = self._if(start)
        elif word in ("while", "until"):
            condition = self._until("do")
            compound = Compound(Shape.WHILE, start, conditions=[condition], bodies=[self._until("done")])
        elif word in ("for", "select"):
            compound = self._for(start)
        elif word == "case":
            compound = self._case(start)
        else:
            self.blank()
            compound = self._function(start, self.word().text)
        self.depth -= 1
        return compound

    def _until(self, *stops: str) -> Sequence:
        """Statements and the reserved word behind them, which is the only one of `stops`."""
        body = self.sequence(frozenset(stops), "")
        if not body:
            raise UnreadableError
        self._take(stops[0])
        return body

    def _if(self, start: int) -> Compound:
        compound = Compound(Shape.IF, start)
        while True:
            compound.conditions.append(self._until("then"))
            compound.bodies.append(self.sequence(frozenset({"elif", "else", "fi"}), ""))
            word = self._reserved()
            self.at += len(word)
            if word == "else":
                compound.bodies.append(self._until("fi"))
                compound.name = "else"
            if word != "elif":
                return compound

    def _for(self, start: int) -> Compound:
        compound = Compound(Shape.FOR, start)
        self.blank()
        if self.starts("(("):
            self.arithmetic()
        else:
            name = self.word()
            if not NAME_TEXT.fullmatch(name.text):
                raise UnreadableError
            self.assigned.add(name.text)
            self.space()
            found = BARE.match(self.text, self.at, self.end)
            if found and found.group() == "in":
                self.at = found.end()
                self.blank()
                while self.peek() not in (";", "\n"):
                    self.word()
                    self.blank()
        self.blank()
        if self.peek() == ";":
            self.at += 1
        self.space()
        self._take("do")
        compound.bodies.append(self._until("done"))
        return compound

    def _case(self, start: int) -> Compound:
        compound = Compound(Shape.CASE, start)
        self.blank()
        self.word()
        self.space()
        found = BARE.match(self.text, self.at, self.end)
        if not found or found.group() != "in":
            raise UnreadableError
        self.at = found.end()
        while True:
            self.space()
            if self._reserved() == "esac":
                self.at += len("esac")
                return compound
            self._patterns()
            compound.bodies.append(self.sequence(frozenset({"esac", ";;"}), ""))
            for ender in (";;&", ";;", ";&"):
                if self.starts(ender):
                    self.at += len(ender)
                    break

    def _patterns(self) -> None:
        if self.peek() == "(":
            self.at += 1
        while True:
            self.blank()
            self.word()
            self.blank()
            char = self.peek()
            self.at += 1
            if char == ")":
                return
            if char != "|":
                raise UnreadableError

    def _function(self, start: int, name: str) -> Compound:
        self.blank()
        if self.peek() == "(":
            self.at += 1
            self.blank()
            if self.peek() != ")":
                raise UnreadableError
            self.at += 1
        self.space()
        compound = Compound(Shape.FUNCTION, start, name=name)
        inner = self._command()
        if isinstance(inner, Simple):
            raise UnreadableError
        compound.bodies.append([Statement([Pipeline([inner])], [], inner.end)])
        self.functions[name] = compound
        return compound

    def _test(self) -> Simple:
        """`[[ … ]]`, read as a command with words."""
        simple = Simple(self.at)
        self.commands.append(simple)
        while True:
            self.space()
            char = self.peek()
            if char in _LOOSE and char:
                self.at += 1
                continue
            word = self.word()
            simple.words.append(word)
            if word.text == "]]" and word.plain and not word.quoted:
                simple.end = self.at
                simple.name = "[["
                self._redirects()
                return simple

    def _simple(self) -> Simple | Compound:
        simple = Simple(self.at)
        self.commands.append(simple)
        while True:
            self.blank()
            char = self.peek()
            if char in ("", "\n", ";", ")", "|") or (char == "&" and self.peek(1) != ">"):
                break
            if char == "(":
                return self._definition(simple)
            if char == "&" or (char in "<>" and self.peek(1) != "("):
                self._redirect(simple)
            else:
                self._add_word(simple)
        if not (simple.words or simple.assigned or simple.redirects):
            raise UnreadableError
        simple.end = self.token_end
        simple.name = _program(simple)
        return simple

    def _definition(self, simple: Simple) -> Compound:
        """`name()`, of which the name was taken for a command."""
        if len(simple.words) != 1 or simple.assigned or simple.redirects or not simple.words[0].plain:
            raise UnreadableError
        self.commands.pop()
        self.deeper()
        function = self._function(simple.start, simple.words[0].text)
        self.depth -= 1
        function.end = self.at
        return function

    def _add_word(self, simple: Simple) -> None:
        word = self.word()
        if self.peek() in ("<", ">") and word.plain and not word.quoted and self.peek(1) != "(":
            if word.text.isdecimal():
                self._redirect(simple)
                return
            if word.text.startswith("{") and word.text.endswith("}"):
                self.assigned.add(word.text[1:-1])
                self._redirect(simple)
                return
        found = _ASSIGNMENT.match(self.text, word.start, word.end)
        if found and found.end() == word.end and self.peek() == "(":
            self._array()
            word.end = self.at
            word.plain = False
        if found and not simple.words:
            simple.assigned.append(found[1])
            self.assigned.add(found[1])
        else:
            simple.words.append(word)

    def _array(self) -> None:
        self.at += 1
        while True:
            self.space()
            if self.peek() == ")":
                self.at += 1
                return
            self.word()

    def _redirect(self, simple: Simple | None = None) -> None:
        found = _REDIRECT.match(self.text, self.at, self.end)
        if not found:
            raise UnreadableError
        self.at = found.end()
        self.blank()
        target = self.word()
        operator = found.group()
        if operator in ("<<", "<<-"):
            self.expect_here_document(target, tabs=operator == "<<-")
        if simple is not None:
            simple.redirects.append(Redirect(operator, target))


def _program(simple: Simple) -> str:
    text = simple.words[0].text if simple.words else ""
    return text.rpartition("/")[2] if "/" in text else text


def read(text: str) -> Script | None:
    """The script, or None when it is too long or is not understood; never fails otherwise."""
    if len(text) > MAX_CHARACTERS or "\0" in text:
        return None
    reader = _Reader(text)
    try:
        body = reader.sequence(frozenset(), "")
        reader.finish()
    except UnreadableError:
        return None
    return Script(text, body, reader.commands, reader.uses, reader.assigned, reader.functions)
