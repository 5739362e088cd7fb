"""What the Logs pane shows of each line, and which lines: levels, replicas, folding, colours, places."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tui.domain.logreading.level_words import level_word
from tui.domain.logs import Severity
from tui.domain.logstore.chains import Errors, first_head_of
from tui.domain.logstore.steps import end_of, first_behind, next_row, trace_before
from tui.panes.logs_entry import EntryView
from tui.panes.logs_find import LogsFind

_LEVELS = (0, int(Severity.INFO), int(Severity.WARNING), int(Severity.ERROR))


class LogsChoices(LogsFind):
    """Keys that change how the log in front is looked at."""

    def action_wrap(self) -> None:
        """Break long lines or cut them."""
        self.view.toggle_wrap()
        self.say("Long lines are broken." if self.view.wrap else "Long lines are cut; ← and → scroll.")

    def action_times(self) -> None:
        """Show times in another way."""
        self.view.columns = replace(self.view.columns, origin_ns=self.front.started_ns if self.front else 0)
        times = self.view.next_times()
        zone = f" ({datetime.now().astimezone().tzname()})" if times == "local time" else ""
        self.say(f"Showing {times}{zone}.")

    def action_colours(self) -> None:
        """Show the program's own colours, or not."""
        self.view.colours = not self.view.colours
        self.view.refresh()
        self.say(f"The program's colours are {'shown' if self.view.colours else 'left out'}.")

    def action_own_levels(self) -> None:
        """Show and go by the severity of the entries, or the one that their words sound like."""
        if self.front is None:
            return
        own = not self.front.rules.own_levels
        self.view.columns = replace(self.view.columns, own_levels=own)
        self.set_rules(replace(self.front.rules, own_levels=own))
        self.say(
            "Severities as the entries have them: everything on standard error is ERROR."
            if own
            else "Severities by the words of each line where the entry says only ERROR."
        )

    def action_level(self) -> None:
        """Leave out lines of lower levels."""
        if self.front is not None:
            here = self.front.rules.least_level
            level = _LEVELS[(_LEVELS.index(here) + 1) % len(_LEVELS)]
            self.set_rules(replace(self.front.rules, least_level=level))
            self.say(f"Only {level_word(level)} and worse." if level else "Lines of all levels.")

    def action_replica(self) -> None:
        """Show one replica after the other, then all of them."""
        log = self.front
        if log is None:
            return
        names: list[str] = sorted(log.store.replica_names)
        chosen = log.rules.replicas
        here = names.index(next(iter(chosen))) if chosen and next(iter(chosen)) in names else -1
        following = names[here + 1] if here + 1 < len(names) else None
        self.set_rules(replace(log.rules, replicas=frozenset({following}) if following is not None else None))
        self.say(f"Only {following}." if following is not None else "All replicas in one order.")

    # Folding

    def action_fold(self) -> None:
        """Fold progress bars, tracebacks as well, or nothing."""
        if self.front is None:
            return
        rules = self.front.rules
        if rules.fold_bars and not rules.fold_traces:
            rules, words = replace(rules, fold_traces=True), "Progress bars and tracebacks are folded."
        elif rules.fold_bars:
            rules = replace(rules, fold_bars=False, fold_traces=False)
            words = "Nothing is folded."
        else:
            rules, words = replace(rules, fold_bars=True), "Progress bars are folded."
        self.set_rules(replace(rules, unfolded=frozenset()))
        self.say(f"{words} space shows what is folded into a line.")

    def action_unfold(self) -> None:
        """Show what is folded into the line under the cursor, or fold it again."""
        log, row = self.front, self.view.cursor_row
        if log is None or row is None:
            return
        place = log.store.line(log.rows.row(row).line).place
        if place in log.rules.unfolded:
            unfolded = log.rules.unfolded - {place}
        elif log.rows.row(row).folded:
            unfolded = log.rules.unfolded | {place}
        else:
            self.say("Nothing is folded into this line.")
            return
        self.set_rules(replace(log.rules, unfolded=unfolded))
        if place in unfolded and (first := first_behind(log.store, log.store.index_of(place))) is not None:
            self.view.bring_into_sight(log.rows.row_of(first))

    # The entry

    def action_entry(self) -> None:
        """Show the entry under the cursor in full, or close it."""
        if not self.close_entry():
            box = self.query_one(EntryView)
            box.remove_class("hidden")
            box.forget()
            self.view.stay()
            self.show_entry()

    def show_entry(self) -> None:
        """Bring the box with the entry up to date, if it is open."""
        box, log, row = self.query_one(EntryView), self.front, self.view.cursor_row
        if box.has_class("hidden") or log is None or row is None:
            return
        shown = log.rows.row(row)
        box.show(log.store, shown.line, shown.folded)

    def action_entry_scroll(self, step: int) -> None:
        """Scroll the box with the entry, or the log by half a page."""
        box = self.query_one(EntryView)
        if box.has_class("hidden"):
            self.view.step(step * max(self.view.size.height // 2, 1))
        else:
            box.scroll_relative(y=step * max(box.size.height - 1, 1), animate=False)

    # Places to go

    def action_next_error(self) -> None:
        """Go to the next line that is an error."""
        self._go_to_error(backwards=False)

    def action_previous_error(self) -> None:
        """Go to the previous line that is an error."""
        self._go_to_error(backwards=True)

    def _go_to_error(self, *, backwards: bool) -> None:
        log, row = self.front, self.view.cursor_row
        if log is None or row is None:
            return
        errors = Errors(log.store, own=log.rules.own_levels)
        found = next_row(log.rows, errors, row, backwards=backwards)
        if found is None:
            self.say(f"No error {'above' if backwards else 'below'} that is shown.")
        else:
            self.view.go_to(found, hit=True)

    def action_trace(self) -> None:
        """Go to the beginning of the traceback that the cursor is in or behind, with all its lines."""
        log, line = self.front, self.view.cursor_line
        if log is None or line is None:
            return
        found = trace_before(log.store, line, log.rules.replicas)
        if found is None:
            self.say("No traceback here or above.")
            return
        head = first_head_of(log.store, found)
        if log.rules.fold_traces:
            ends = {log.store.line(end_of(log.store, line)).place for line in (head, found)}
            self.set_rules(replace(log.rules, unfolded=log.rules.unfolded | ends))
        self.view.go_to(log.rows.row_of(head), hit=True, centre=True)
