"""Forms of other packages and other EICs: paging, links, bodies, each switch both ways."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bridge.recipes import address_of, eic_files
from tests.eic.connections import (
    ADA,
    JOINER,
    connected,
    entitlement,
    expected_links,
    shipped_files,
    user_of,
)
from tests.eic.emulator import Files, PackageRefused, Switches
from tests.eic.test_import import imported
from tests.live import live_bridge

OTHER_WAYS = {
    "errors compared as a whole": Switches(error_match="exact"),
    "null as nothing": Switches(null_text=""),
    "values escaped": Switches(escapes_json=True),
    "an empty URL is no end": Switches(empty_url_stops=False),
    "the inner thresholds count": Switches(inner_threshold_wins=True),
    "missing accounts keep their name": Switches(renames_missing=False),
    "links of inactive accounts go": Switches(delete_links_of_present=True),
    "success is looked at first": Switches(failure_first=False),
    "one code only": Switches(codes_may_be_a_list=False),
    "Basic after a refusal": Switches(basic_from_start=False),
}


@pytest.mark.parametrize("name", OTHER_WAYS)
def test_a_day_ends_the_same_whichever_way_eic_behaves(tmp_path: Path, name: str) -> None:
    with (
        live_bridge(tmp_path, users=120) as live,
        connected(live.url, tmp_path, auth="basic", switches=OTHER_WAYS[name]) as eic,
    ):
        assert eic.test_connection()
        imported(eic)
        created = eic.done("NEWACCOUNT", person=JOINER).account
        assert created is not None
        group = entitlement(eic, "Group", live.account()["groups"][0]["key"])
        role = entitlement(eic, "AdminRole", "RUN_REPORTS")
        for value in (group, role):
            eic.done("ADDACCESS", account=created, entitlement=value)
        eic.done("UPDATEACCOUNT", account=created, person=replace(JOINER, lastname="Moved"))
        eic.done("DISABLEACCOUNT", account=created)
        eic.done("ENABLEACCOUNT", account=created)
        user = user_of(live.account(), JOINER.email)
        assert user is not None
        assert (user["lastName"], user["groupKey"]) == ("Moved", group.key)
        assert (user["products"], user["adminRoles"]) == (["G2M"], ["RUN_REPORTS"])
        imported(eic)
        links = {link for link in eic.store.links() if link[0] == created.key}
        assert links == {link for link in expected_links(live.account()) if link[0] == created.key}
        eic.done("REMOVEACCOUNT", account=created)
        assert user_of(live.account(), JOINER.email) is None


def test_an_eic_that_escapes_values_itself_doubles_the_backslash(tmp_path: Path) -> None:
    """The one switch that the files cannot stand on both sides of: docs/eic.md says what to do."""
    quoted = replace(ADA, lastname='O\'Neil "X"')
    with (
        live_bridge(tmp_path) as live,
        connected(live.url, tmp_path, switches=Switches(escapes_json=True)) as eic,
    ):
        eic.done("NEWACCOUNT", person=quoted)
        user = user_of(live.account(), ADA.email)
        assert user is not None
        assert user["lastName"] == 'O\'Neil \\"X\\"'


# -- The transport package ------------------------------------------------------------


def package_of(url: str) -> bytes:
    """The recipe's transport package for a bridge."""
    files = eic_files(address_of(url), "token", package_at=datetime.now(UTC))
    return files["GoToMeeting-via-SCIM-bridge.zip"]


def test_the_package_is_the_connection_of_the_files_but_for_what_is_pasted(tmp_path: Path) -> None:
    with live_bridge(tmp_path, users=30) as live:
        files = shipped_files(live.url, tmp_path)
        imported_ones = Files.of_package(package_of(live.url), Switches())
        assert "ConnectionJSON" not in imported_ones.attributes
        complete = imported_ones.with_(ConnectionJSON=files["ConnectionJSON"])
        assert complete.attributes == files.attributes
        with connected(live.url, tmp_path, files=complete) as eic:
            assert eic.test_connection()
            imported(eic)
            assert len(eic.store.accounts) == 30


def test_an_eic_that_takes_no_empty_attribute_says_so_and_the_files_can_be_pasted() -> None:
    with pytest.raises(PackageRefused):
        Files.of_package(package_of("https://h.example"), Switches(takes_empty_attribute=False))


# -- Paging ------------------------------------------------------------------------


def paged(files: Files, paging: dict[str, Any]) -> Files:
    """The shipped import with another form of paging for the accounts."""
    parts = files["ImportAccountEntJSON"]
    accounts = parts["accountParams"]
    call = accounts["call"]["call1"]
    http = {**call["http"], "url": call["http"]["url"].partition("?")[0]}
    call = {**call, "http": http, "pagination": paging}
    changed = {**parts, "accountParams": {**accounts, "call": {"call1": call}}}
    return files.with_(ImportAccountEntJSON=changed)


def page(size: int) -> dict[str, Any]:
    """What packages for SCIM targets ship: the number of the page as ``startIndex``."""
    return {
        "page": {
            "pageSizeParam": "count",
            "pageSize": size,
            "pageNumberParam": "startIndex",
            "firstPageNumber": 1,
            "totalCountPath": "totalResults",
        }
    }


def offset(size: int, total: str) -> dict[str, Any]:
    return {
        "offset": {
            "offsetParam": "startIndex",
            "batchParam": "count",
            "batchSize": size,
            "totalCountPath": total,
        }
    }


@pytest.fixture(scope="module", params=[1, 20, 41])
def sized(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """A bridge, and how many users its account has."""
    with live_bridge(tmp_path_factory.mktemp("sized"), users=request.param) as live:
        yield live, request.param


@pytest.mark.parametrize("stops", ["short", "empty", "seen"])
@pytest.mark.parametrize("size", [10, 20, 41, 42, 1000])
def test_paging_by_number_loses_no_user(sized: Any, tmp_path: Path, stops: Any, size: int) -> None:
    live, users = sized
    files = paged(shipped_files(live.url, tmp_path), page(size))
    switches = Switches(page_stops=stops)
    with connected(live.url, tmp_path, files=files, switches=switches) as eic:
        imported(eic)
        assert len(eic.store.accounts) == users


def test_paging_by_number_as_many_times_as_the_total_makes_loses_users(tmp_path: Path) -> None:
    """Nothing that answers as RFC 7644 says can mend this one; the shipped files do not page so."""
    with live_bridge(tmp_path, users=41) as live:
        files = paged(shipped_files(live.url, tmp_path), page(10))
        switches = Switches(page_stops="pages")
        with connected(live.url, tmp_path, files=files, switches=switches) as eic:
            imported(eic)
            assert len(eic.store.accounts) == 14


@pytest.mark.parametrize("first", ["zero", "one"])
@pytest.mark.parametrize("total", ["totalResults", "5000"])
def test_paging_by_offset_loses_no_user(sized: Any, tmp_path: Path, first: Any, total: str) -> None:
    live, users = sized
    files = paged(shipped_files(live.url, tmp_path), offset(10, total))
    with connected(live.url, tmp_path, files=files, switches=Switches(first_offset=first)) as eic:
        imported(eic)
        assert len(eic.store.accounts) == users


def test_paging_by_offset_that_begins_behind_the_first_page_loses_it(tmp_path: Path) -> None:
    """Nobody answers page one to a client that asks for page two; the shipped files do not."""
    with live_bridge(tmp_path, users=41) as live:
        files = paged(shipped_files(live.url, tmp_path), offset(10, "totalResults"))
        switches = Switches(first_offset="size")
        with connected(live.url, tmp_path, files=files, switches=switches) as eic:
            imported(eic)
            assert len(eic.store.accounts) == 41 - 9


def test_a_list_that_never_ends_is_stopped_by_the_guard(tmp_path: Path) -> None:
    with live_bridge(tmp_path) as live:
        url = f"{live.url}/scim/v2/Users?startIndex=1&count=5"
        endless = {"nextUrl": {"nextUrlPath": "${true?'" + url + "':null}"}}
        files = paged(shipped_files(live.url, tmp_path), endless)
        with connected(live.url, tmp_path, files=files) as eic:
            job = eic.import_accounts()
            assert job.failed
            assert "twice" in job.lines[0]


# -- Links in five ways --------------------------------------------------------------


def linked(files: Files, way: str) -> Files:
    """The shipped import with groups and accounts linked in another way."""
    parts = dict(files["ImportAccountEntJSON"])
    group = dict(parts["entitlementParams"]["entTypes"]["Group"])
    call = group["call"]["call1"]
    http = call["http"]
    base = http["url"].partition("/Groups")[0]
    single: dict[str, Any] = {
        "callOrder": 0,
        "stageNumber": 0,
        "processingType": way,
        "entKeyField": "entitlementID",
        "acctKeyField": "accountID",
    }
    per_call: dict[str, dict[str, Any]] = {
        "httpEntToAcct": {
            "http": {**http, "url": base + "/Groups/${id}"},
            "listField": "members",
            "acctIdPath": "value",
        },
        "httpAcctToEnt": {
            "http": {**http, "url": base + "/Users/${id}"},
            "listField": "groups",
            "entIdPath": "value",
        },
        "http": {
            "http": {**http, "url": base + "/Users?filter=groups.value%20pr&count=1000"},
            "listField": "Resources",
            "acctIdPath": "id",
            "entIdPath": "groups[0].value",
        },
    }
    if way == "entToAcctMapping":
        info = {"acctEntMappingInfoColumnFromEnt": "STORE#ACC#ENT#MAPPINGINFO~#~char"}
        columns = {**call["colsToPropsMap"], **info}
        group["call"] = {"call1": {**call, "colsToPropsMap": columns}}
        group["acctEntMappings"] = {
            "listField": "members",
            "idPath": "value",
            "keyField": "accountID",
        }
        parts["acctEntParams"] = {"processingType": way}
    else:
        wanted = {"call": {"call1": {**single, **per_call[way]}}}
        parts["acctEntParams"] = {"connection": "acctAuth", "entTypes": {"Group": wanted}}
    parts["entitlementParams"] = {**parts["entitlementParams"], "entTypes": {"Group": group}}
    return files.with_(ImportAccountEntJSON=parts)


@pytest.mark.parametrize("way", ["entToAcctMapping", "httpEntToAcct", "httpAcctToEnt", "http"])
def test_every_way_to_link_finds_the_same_links(tmp_path: Path, way: str) -> None:
    with live_bridge(tmp_path, users=60) as live:
        files = linked(shipped_files(live.url, tmp_path), way)
        with connected(live.url, tmp_path, files=files) as eic:
            imported(eic)
            assert eic.store.links() == expected_links(live.account(), ("Group",))


# -- Bodies of other packages ----------------------------------------------------------

PATCHES = {
    "no schemas": '{"Operations":[{"op":"replace","path":"active","value":false}]}',
    "op in capitals": '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],'
    '"Operations":[{"op":"REPLACE","path":"active","value":"False"}]}',
    "no path": '{"Operations":[{"op":"replace","value":{"active":"false"}}]}',
}


@pytest.mark.parametrize("form", PATCHES)
def test_a_disable_in_the_form_of_another_package_is_understood(tmp_path: Path, form: str) -> None:
    with live_bridge(tmp_path) as live:
        files = shipped_files(live.url, tmp_path)
        call = {**files["DisableAccountJSON"]["call"][0], "httpParams": PATCHES[form]}
        call["url"] = f"  {call['url']} "
        files = files.with_(DisableAccountJSON={"call": [call]})
        with connected(live.url, tmp_path, files=files) as eic:
            account = eic.done("NEWACCOUNT", person=ADA).account
            assert account is not None
            eic.done("DISABLEACCOUNT", account=account)
        user = user_of(live.account(), ADA.email)
        assert user is not None
        assert user["status"] == "SUSPENDED"


def test_headers_and_bodies_that_make_no_sense_are_taken(tmp_path: Path) -> None:
    with live_bridge(tmp_path) as live:
        files = shipped_files(live.url, tmp_path)
        delete = dict(files["RemoveAccountJSON"]["call"][0])
        delete["httpParams"] = "{}"
        delete["httpHeaders"] = {
            "Authorization": "${access_token}",
            "Accept": "application/x-www-form-urlencoded",
        }
        files = files.with_(RemoveAccountJSON={"call": [delete]})
        with connected(live.url, tmp_path, files=files) as eic:
            account = eic.done("NEWACCOUNT", person=ADA).account
            assert account is not None
            eic.done("REMOVEACCOUNT", account=account)
        assert user_of(live.account(), ADA.email) is None
