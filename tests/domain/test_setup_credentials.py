"""The credentials row: one finding and one next step for each state of a login."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tui.domain.access import Identity, LoginKind
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.login import CLOUD_PLATFORM, LoginTrouble
from tui.domain.setup.assess import assess, summarize
from tui.domain.setup.credentials import credentials_checks
from tui.domain.setup.facts import GCLOUD_CONSUMER, Box, SetupFacts
from tui.domain.setup.model import Check, CheckState, SetSetting, SignIn, is_ready
from tui.domain.setup.permissions import caller

ANA = "ana@lagoon.example"
ROBOT = "robot@kelp-train.iam.gserviceaccount.com"
SUBJECT = "principal://iam.googleapis.com/locations/global/workforcePools/kelp/subject/ana"
BARE = Box(default_file="~/.config/gcloud/application_default_credentials.json")
BOX = replace(BARE, gcloud="/usr/bin/gcloud")
FACTS = SetupFacts("kelp-train", "europe-west4", "kelp-out", connected=True, box=BOX)
USER = Identity(ANA, "application default credentials", kind=LoginKind.USER, path="~/adc.json")
ADC_LOGIN = ("/usr/bin/gcloud", "auth", "application-default", "login")


def row(facts: SetupFacts) -> Check:
    return credentials_checks(facts)[0]


def failing(error: CloudError, box: Box = BOX, **more: object) -> Check:
    return row(replace(FACTS, identity=error, box=box, **more))  # type: ignore[arg-type]  # by name


def told(
    trouble: LoginTrouble, kind: ErrorKind = ErrorKind.NO_CREDENTIALS, words: str = "words"
) -> CloudError:
    return CloudError("title", words, hint="hint", kind=kind, reason=str(trouble))


def known(identity: Identity, box: Box = BOX) -> Check:
    return row(replace(FACTS, identity=identity, box=box))


def test_a_login_that_works_says_whose_it_is_and_where_it_was_found() -> None:
    check = known(replace(USER, quota_project="kelp-billing"))
    assert (check.state, check.finding) == (CheckState.OK, f"{ANA} · application default credentials")
    assert "~/adc.json" in check.why
    assert "kelp-billing" in check.why
    assert check.next_step == ""


def test_gcloud_signed_in_without_other_credentials_takes_no_second_login() -> None:
    check = failing(told(LoginTrouble.NOTHING_FOUND), replace(BOX, gcloud_account=ANA))
    assert check.state is CheckState.FAILED
    assert check.finding == f"title; gcloud is {ANA}"
    assert check.fixes == (SetSetting("credentials", "gcloud"),)
    assert not check.by_hand
    assert check.said == "words"


@pytest.mark.parametrize("over_ssh", [False, True])
def test_nothing_at_all_is_mended_by_a_login(over_ssh: bool) -> None:  # noqa: FBT001
    check = failing(told(LoginTrouble.NOTHING_FOUND), replace(BOX, over_ssh=over_ssh))
    away = ("--no-launch-browser",) if over_ssh else ()
    assert check.fixes == (SignIn((*ADC_LOGIN, *away)),)
    assert check.by_hand
    assert ("browser" in check.next_step) == over_ssh


def test_without_gcloud_other_ways_are_named() -> None:
    assert failing(told(LoginTrouble.NOTHING_FOUND), Box()).next_step == "hint"  # not looked at yet
    check = failing(told(LoginTrouble.NOTHING_FOUND), BARE)
    assert check.fixes == ()
    assert "pip cannot give it" in check.next_step
    assert "service account key" in check.next_step


@pytest.mark.parametrize(
    ("trouble", "kind", "finding"),
    [
        (LoginTrouble.VARIABLE, ErrorKind.NO_CREDENTIALS, "names a file that is not there"),
        (LoginTrouble.BROKEN_FILE, ErrorKind.NO_CREDENTIALS, "no good"),
        (LoginTrouble.REAUTHENTICATION, ErrorKind.EXPIRED_CREDENTIALS, "wants you to sign in again"),
        (LoginTrouble.IMPERSONATION, ErrorKind.DENIED, "may not impersonate"),
    ],
)
def test_a_login_is_not_offered_where_its_file_would_not_be_looked_at(
    trouble: LoginTrouble, kind: ErrorKind, finding: str
) -> None:
    check = failing(told(trouble, kind), replace(BOX, credentials_variable="~/key.json"))
    assert finding in check.finding
    assert check.fixes == ()
    assert check.next_step


def test_the_login_of_gcloud_has_its_own_login_command() -> None:
    for trouble, kind in (
        (LoginTrouble.GCLOUD_SIGNED_OUT, ErrorKind.NO_CREDENTIALS),
        (LoginTrouble.GCLOUD_EXPIRED, ErrorKind.EXPIRED_CREDENTIALS),
    ):
        check = failing(told(trouble, kind), replace(BOX, over_ssh=True, gcloud_account=ANA), login="gcloud")
        assert check.finding.startswith("gcloud")
        assert check.fixes == (SignIn(("/usr/bin/gcloud", "auth", "login", "--no-launch-browser")),)
        assert check.command == "gcloud auth login"
    missing = failing(told(LoginTrouble.NO_GCLOUD), BARE, login="gcloud")
    assert missing.fixes == (SetSetting("credentials", "adc"),)


def test_a_wrong_clock_is_named_as_the_cause() -> None:
    error = CloudError("expired", "invalid_grant: Bad Request", kind=ErrorKind.EXPIRED_CREDENTIALS)
    assert failing(error, skew=-301.0).finding == "this box's clock is 5 min behind Google's"
    assert "timedatectl" in failing(error, skew=4000.0).next_step
    late = failing(error, skew=59.0)
    assert late.finding == "expired"
    assert late.fixes == (SignIn(ADC_LOGIN),)


def test_a_wrong_clock_with_a_working_login_has_a_row_of_its_own() -> None:
    facts = replace(FACTS, identity=replace(USER, skew_seconds=90.0))
    first, clock = credentials_checks(facts)
    assert first.state is CheckState.OK
    assert (clock.state, clock.finding) == (CheckState.WARNING, "this box's clock is 90 s ahead of Google's")
    assert clock.optional
    assert len(credentials_checks(replace(facts, identity=replace(USER, skew_seconds=-60.0)))) == 1


def test_a_deleted_key_is_not_a_matter_of_signing_in() -> None:
    error = CloudError("e", "invalid_grant: Invalid JWT Signature.", kind=ErrorKind.EXPIRED_CREDENTIALS)
    check = failing(error, replace(BOX, credentials_variable="~/key.json"))
    assert check.finding == "the service account key is no longer valid"
    assert check.fixes == ()


def test_another_person_than_gcloud_is_a_warning_that_does_not_block() -> None:
    check = known(USER, replace(BOX, gcloud_account="ben@lagoon.example"))
    assert (check.state, check.finding) == (CheckState.WARNING, f"{ANA}, but gcloud is ben@lagoon.example")
    assert not check.to_fix
    assert is_ready((check,))
    assert known(USER, replace(BOX, gcloud_account=ANA.upper())).state is CheckState.OK
    robot = Identity(ROBOT, "x", kind=LoginKind.KEY)
    assert known(robot, replace(BOX, gcloud_account=ANA)).state is CheckState.OK


def test_every_kind_of_login_is_told_apart() -> None:
    end = datetime(2026, 8, 1, 14, 5, tzinfo=UTC)
    identities = {
        LoginKind.KEY: Identity(ROBOT, "s", kind=LoginKind.KEY),
        LoginKind.IMPERSONATED: Identity(ROBOT, "s", kind=LoginKind.IMPERSONATED, behind=ANA),
        LoginKind.WORKFORCE: Identity("", "s", kind=LoginKind.WORKFORCE, principal=SUBJECT),
        LoginKind.WORKLOAD: Identity("", "adc, pool reef", kind=LoginKind.WORKLOAD),
        LoginKind.MACHINE: Identity(ROBOT, "s", kind=LoginKind.MACHINE, scopes=(CLOUD_PLATFORM,)),
        LoginKind.GCLOUD: Identity(ANA, "gcloud", kind=LoginKind.GCLOUD),
        LoginKind.TOKEN: Identity(ANA, "gcloud", kind=LoginKind.TOKEN, expires=end),
    }
    findings = {kind: known(identity).finding for kind, identity in identities.items()}
    assert findings == {
        LoginKind.KEY: f"{ROBOT} · a service account key",
        LoginKind.IMPERSONATED: f"impersonated {ANA} → {ROBOT} · s",
        LoginKind.WORKFORCE: f"{SUBJECT} · a workforce identity",
        LoginKind.WORKLOAD: "a workload identity · adc, pool reef",
        LoginKind.MACHINE: f"{ROBOT} · this machine's account",
        LoginKind.GCLOUD: f"{ANA} · gcloud's own login",
        LoginKind.TOKEN: f"{ANA} · an access token given to gcloud, ends 14:05 UTC",
    }
    assert all(known(identity).state is CheckState.OK for identity in identities.values())
    for kind in (LoginKind.KEY, LoginKind.WORKFORCE, LoginKind.WORKLOAD, LoginKind.MACHINE, LoginKind.TOKEN):
        assert known(identities[kind]).next_step
    assert known(identities[LoginKind.KEY]).command.endswith(f"--impersonate-service-account={ROBOT}")
    for kind in (LoginKind.WORKFORCE, LoginKind.WORKLOAD):
        assert not caller(replace(FACTS, identity=identities[kind])).startswith("user:")


def test_scopes_of_a_machine_stand_before_every_role() -> None:
    narrow = Identity(ROBOT, "s", kind=LoginKind.MACHINE, scopes=("https://x/auth/logging.write",))
    denied = CloudError("e", "m", kind=ErrorKind.DENIED, reason="ACCESS_TOKEN_SCOPE_INSUFFICIENT")
    for facts in (replace(FACTS, identity=narrow), replace(FACTS, identity=narrow, project=denied)):
        check = row(facts)
        assert check.state is CheckState.FAILED
        assert "No role helps" in check.next_step
        assert "instances set-service-account" in check.command
        assert check.fixes == (SignIn(ADC_LOGIN),)
        assert "logging.write" in check.said


def test_a_missing_quota_project_is_one_setting() -> None:
    error = CloudError("e", "m", kind=ErrorKind.API_DISABLED, metadata={"consumer": GCLOUD_CONSUMER})
    check = row(replace(FACTS, identity=USER, project=error))
    assert check.finding == "credentials without a quota project"
    assert check.fixes == (SetSetting("quota_project", "kelp-train"),)
    assert not check.by_hand
    assert check.command == "gcloud auth application-default set-quota-project kelp-train"


def test_a_quota_project_that_may_not_be_charged() -> None:
    error = CloudError("e", "m", kind=ErrorKind.DENIED, reason="USER_PROJECT_DENIED")
    other = row(replace(FACTS, identity=replace(USER, quota_project="other"), project=error))
    assert other.finding == "you may not use the quota of other"
    assert other.fixes == (SetSetting("quota_project", "kelp-train"),)
    own = row(replace(FACTS, identity=replace(USER, quota_project="kelp-train"), project=error))
    assert own.fixes == ()
    assert "serviceUsageConsumer" in own.next_step


def test_impersonation_by_gcloud_names_the_account_and_the_role() -> None:
    box = replace(BOX, gcloud_account=ANA, gcloud_impersonates=ROBOT)
    check = failing(told(LoginTrouble.IMPERSONATION, ErrorKind.DENIED), box, login="gcloud")
    assert check.finding == f"you may not impersonate {ROBOT}"
    assert "serviceAccountTokenCreator" in check.next_step
    assert f"--member=user:{ANA}" in check.command


def test_no_way_to_google() -> None:
    error = CloudError("The proxy refuses", "407", hint="Ask.", kind=ErrorKind.UNREACHABLE)
    check = failing(error, replace(BOX, proxy="http://ana@proxy:3128"))
    assert check.finding == "The proxy refuses"
    assert check.next_step == "Ask. The proxy is http://ana@proxy:3128."
    assert failing(error).next_step == "Ask."
    absent = failing(told(LoginTrouble.METADATA_ABSENT, ErrorKind.UNREACHABLE))
    assert absent.finding == "this machine's metadata server does not answer"
    assert absent.fixes == (SignIn(ADC_LOGIN),)
    clock = failing(told(LoginTrouble.CLOCK, ErrorKind.UNREACHABLE))
    assert clock.finding == "this box's clock is wrong"
    unreadable = failing(CloudError("e", "Permission denied: x", kind=ErrorKind.LOCAL))
    assert unreadable.finding == "the credentials cannot be read"


@pytest.mark.parametrize("login", ["adc", "gcloud"])
@pytest.mark.parametrize("box", [BOX, BARE, replace(BOX, over_ssh=True, gcloud_account=ANA)])
def test_every_trouble_has_a_finding_and_a_next_step(login: str, box: Box) -> None:
    for trouble, kind in itertools.product(LoginTrouble, ErrorKind):
        check = failing(told(trouble, kind), box, login=login)
        assert check.state is CheckState.FAILED
        assert 0 < len(check.finding) <= 66
        assert check.next_step


def test_a_login_that_fails_hides_the_rest() -> None:
    facts = replace(FACTS, identity=told(LoginTrouble.NOTHING_FOUND))
    rows = assess(facts)
    assert not is_ready(rows)
    assert "to fix" in summarize(facts, rows).badge


def test_the_local_server_needs_no_login() -> None:
    identity = Identity("ana@localhost", "local", kind=LoginKind.LOCAL)
    check = row(replace(FACTS, local=True, identity=identity))
    assert (check.state, check.finding) == (CheckState.OK, "ana@localhost · local")
    assert (check.command, check.link, check.fixes) == ("", "", ())
