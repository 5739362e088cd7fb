"""`google.api.cloudquotas.v1.CloudQuotas`, quota preferences: wishes to change limits.

A wish is granted at once, up to `MOST`; a greater one stays under review for ever.
"""

from __future__ import annotations

import re
import secrets

from tui.domain.catalog.limits import UNLIMITED
from tui.domain.catalog.quotas import SERVICE as VERTEX
from tui.domain.catalog.quotas import short_name
from tui.domain.regions import TRAINING_REGIONS
from tui.local import names
from tui.local.api import tokens
from tui.local.api.cloud_quotas import METRIC_OF, page, row
from tui.local.clock import now_ns, stamp
from tui.local.state.database import Database
from tui.local.state.quotas import EVERYWHERE, Quotas
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code, invalid
from tui.local.wire.gtypes import Message
from tui.local.wire.methods import Call, Method, Route

MOST = {"gpus": 256, "tpu": 1024, "cpus": 20_000, "": 1_000_000}
"""The greatest value granted, by what is counted; empty for GB of disk."""
_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
_ONE = "projects/*/locations/*/quotaPreferences/*"
_PARENT = f"projects/{names.PROJECT_NUMBER}/locations/global/quotaPreferences"
_BELOW_USAGE, _TOO_HIGH = 1, 2
"""Numbers of `QuotaSafetyCheck`."""
_HARMLESS_DECREASE = 0.9
"""Of the present limit: a decrease below that has to be insisted on."""


class QuotaPreferences:
    """Makes, changes, lists and gets quota preferences."""

    def __init__(self, database: Database, quotas: Quotas) -> None:
        self._connection = database.connection
        self._database = database
        self._quotas = quotas

    def methods(self) -> list[Method]:
        """The rows of the method table."""
        g = gtypes
        parent = "{parent=projects/*/locations/*}/quotaPreferences"
        listing = (g.ListQuotaPreferencesRequest, g.ListQuotaPreferencesResponse)
        get = (g.GetQuotaPreferenceRequest, g.QuotaPreference)
        create = (g.CreateQuotaPreferenceRequest, g.QuotaPreference)
        update = (g.UpdateQuotaPreferenceRequest, g.QuotaPreference)
        patch = Route("PATCH", "{quota_preference.name=" + _ONE + "}", "quota_preference")
        posted = Route("POST", parent, "quota_preference")
        return [
            row("ListQuotaPreferences", listing, self._list, Route("GET", parent), "get"),
            row("GetQuotaPreference", get, self._get, Route("GET", "{name=" + _ONE + "}"), "get"),
            row("CreateQuotaPreference", create, self._create, posted, "update"),
            row("UpdateQuotaPreference", update, self._update, patch, "update"),
        ]

    async def _list(self, request: Message, _call: Call) -> Message:
        start, size = page(request)
        wanted = _reconciling(request.filter)
        stored = self._connection.execute("SELECT data FROM quota_preferences ORDER BY id")
        found = [gtypes.QuotaPreference.FromString(data) for (data,) in stored]
        found = [preference for preference in found if wanted in {None, preference.reconciling}]
        response = gtypes.ListQuotaPreferencesResponse(quota_preferences=found[start : start + size])
        if start + size < len(found):
            response.next_page_token = tokens.make([start + size], request.parent)
        return response

    async def _get(self, request: Message, _call: Call) -> Message:
        found = self._find(request.name)
        if found is None:
            raise ApiError(Code.NOT_FOUND, f"Quota preference {request.name} is not found.")
        return found

    async def _create(self, request: Message, _call: Call) -> Message:
        preference = gtypes.QuotaPreference()
        preference.CopyFrom(request.quota_preference)
        given = request.quota_preference_id or preference.name.rpartition("/")[2]
        preference.name = f"{_PARENT}/{given or secrets.token_hex(16)}"
        if given and not _ID.fullmatch(given):
            raise invalid(f"The quota preference ID {given!r} is not valid.")
        metric, region = _target(preference)
        if self._find(preference.name) or self._same(preference):
            raise ApiError(
                Code.ALREADY_EXISTS, f"A quota preference for {metric} in {region} exists already."
            )
        stamp(preference.create_time, now_ns())
        return self._grant(preference, request.ignore_safety_checks, store=True)

    async def _update(self, request: Message, call: Call) -> Message:
        wanted = request.quota_preference
        present = self._find(wanted.name)
        if present is None and request.allow_missing:
            created = gtypes.CreateQuotaPreferenceRequest(
                quota_preference=wanted, ignore_safety_checks=request.ignore_safety_checks
            )
            return await self._create(created, call)
        if present is None:
            raise ApiError(Code.NOT_FOUND, f"Quota preference {wanted.name} is not found.")
        if wanted.etag and wanted.etag != present.etag:
            raise ApiError(Code.ABORTED, "The etag does not match the quota preference's present one.")
        present.quota_config.preferred_value = wanted.quota_config.preferred_value
        present.justification = wanted.justification or present.justification
        present.contact_email = wanted.contact_email or present.contact_email
        return self._grant(present, request.ignore_safety_checks, store=not request.validate_only)

    def _grant(self, preference: Message, ignored: list[int], *, store: bool) -> Message:
        metric, region = _target(preference)
        config = preference.quota_config
        present = min(self._quotas.limit(metric, place) for place in _places(region))
        if config.preferred_value < UNLIMITED:
            raise invalid("The preferred value must not be negative.")
        self._check_decrease(metric, region, config.preferred_value, set(ignored))
        granted = config.preferred_value <= _most(metric)
        config.granted_value.value = config.preferred_value if granted else present
        config.state_detail = "" if granted else "The request is being reviewed."
        preference.reconciling = not granted
        preference.etag = secrets.token_urlsafe(9)
        stamp(preference.update_time, now_ns())
        if store:
            self._store(preference)
            if granted:
                self._quotas.set_limit(metric, region, config.preferred_value)
        return preference

    def _check_decrease(self, metric: str, region: str, wanted: int, ignored: set[int]) -> None:
        for place in _places(region):
            limit, used = self._quotas.limit(metric, place), self._quotas.usage(place)[metric]
            if wanted < used and _BELOW_USAGE not in ignored:
                raise _unsafe(f"The preferred value {wanted} is below the present usage {used} in {place}.")
            if wanted < limit * _HARMLESS_DECREASE and _TOO_HIGH not in ignored:
                raise _unsafe(f"The preferred value {wanted} is more than 10 % below the limit {limit}.")

    def _store(self, preference: Message) -> None:
        values = (preference.name.rpartition("/")[2], preference.SerializeToString())
        self._connection.execute("INSERT OR REPLACE INTO quota_preferences VALUES (?, ?)", values)

    def _find(self, name: str) -> Message | None:
        query = "SELECT data FROM quota_preferences WHERE id = ?"
        found = self._connection.execute(query, (name.rpartition("/")[2],)).fetchone()
        return gtypes.QuotaPreference.FromString(found[0]) if found else None

    def _same(self, preference: Message) -> bool:
        """Whether there is a preference for the same quota and region."""
        stored = self._connection.execute("SELECT data FROM quota_preferences")
        return any(
            _target(gtypes.QuotaPreference.FromString(data)) == _target(preference) for (data,) in stored
        )


def _target(preference: Message) -> tuple[str, str]:
    """Metric and region that a preference is for."""
    metric = METRIC_OF.get(preference.quota_id)
    if preference.service != VERTEX or metric is None:
        raise invalid(f"The service {preference.service!r} has no quota {preference.quota_id!r}.")
    if not set(preference.dimensions) <= {"region"}:
        raise invalid("The only dimension of this quota is region.")
    region = preference.dimensions.get("region", EVERYWHERE)
    if region and region not in TRAINING_REGIONS:
        raise invalid(f"The region {region!r} is not known.")
    return metric, region


def _places(region: str) -> tuple[str, ...]:
    return (region,) if region else TRAINING_REGIONS


def _most(metric: str) -> int:
    name = short_name(metric)
    return next(most for part, most in MOST.items() if part in name)


def _reconciling(text: str) -> bool | None:
    found = re.fullmatch(r"\s*(?:reconciling\s*[:=]\s*(true|false))?\s*", text)
    if not found:
        raise invalid(f"Invalid filter: {text!r}; use reconciling=true or reconciling=false.")
    return None if found[1] is None else found[1] == "true"


def _unsafe(text: str) -> ApiError:
    return ApiError(Code.FAILED_PRECONDITION, f"{text} Ignore the safety check to insist.")
