"""The question to the administrator, and every form in which its answer comes back."""

import base64
import hashlib
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from bridge.connect import Consent, ConsentRefused, ask_consent, read_pasted
from bridge.connect.consent import ForeignAnswer, read_redirect

BACK = "http://127.0.0.1:8765/callback"
CONSENT = Consent(url="http://goto.test/", redirect_uri=BACK, state="the-state", verifier="v")


def asked() -> Consent:
    return ask_consent("https://auth.example", client_id="the client", redirect_uri=BACK)


def test_the_address_carries_the_challenge_of_the_verifier_and_the_state() -> None:
    consent = asked()
    parts = urlsplit(consent.url)
    query = parse_qs(parts.query, strict_parsing=True)
    digest = hashlib.sha256(consent.verifier.encode()).digest()
    assert parts.path == "/oauth/authorize"
    assert query == {
        "client_id": ["the client"],
        "response_type": ["code"],
        "redirect_uri": [BACK],
        "state": [consent.state],
        "code_challenge": [base64.urlsafe_b64encode(digest).rstrip(b"=").decode()],
        "code_challenge_method": ["S256"],
    }


def test_no_two_consents_share_a_state_or_a_verifier() -> None:
    made = [asked() for _ in range(50)]
    assert len({secret for each in made for secret in (each.state, each.verifier)}) == 100
    assert all(43 <= len(each.verifier) <= 128 for each in made), "RFC 7636 section 4.1"


def test_a_consent_and_a_code_show_no_secret() -> None:
    consent = asked()
    code = read_redirect(f"code=s3cret&state={consent.state}", consent)
    for secret in (consent.state, consent.verifier, "s3cret"):
        assert secret not in repr(consent) + repr(code) + str(code)


@pytest.mark.parametrize(
    "query", ["", "code=c", "code=c&state=", "code=c&state=the-stat", "code=c&state=The-State"]
)
def test_a_redirect_without_the_right_state_is_refused(query: str) -> None:
    with pytest.raises(ForeignAnswer) as refusal:
        read_redirect(query, CONSENT)
    assert "the-state" not in refusal.value.detail


@pytest.mark.parametrize(
    "pasted",
    [
        f"{BACK}?code=c0d%2Fe%3D&state=the-state",
        f"{BACK}?state=the-state&code=c0d%2Fe%3D#fragment",
        f"  '{BACK}?code=c0d%2Fe%3D&state=the-state'\n",
        f"<{BACK}?code=c0d%2Fe%3D&\n   state=the-state>",
        "https://scim.example.org/not/there?code=c0d%2Fe%3D&state=the-state",
        "code=c0d%2Fe%3D&state=the-state",
        "?code=c0d%2Fe%3D&state=the-state",
        "/callback?code=c0d%2Fe%3D&state=the-state",
        "c0d/e=",
        " c0d%2Fe%3D \n",
    ],
)
def test_a_pasted_address_or_code_gives_the_code(pasted: str) -> None:
    assert read_pasted(pasted, CONSENT).value == "c0d/e="


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        (f"{BACK}?code=c&state=another", "does not belong"),
        (f"{BACK}?code=c", "does not belong"),
        (f"{BACK}?code=c&state=\udcff", "does not belong"),
        (f"{BACK}?state=the-state", "no code in this address"),
        (f"{BACK}?code=&state=the-state", "no code in this address"),
        (f"{BACK}?code={quote('é')}&state=the-state", "no code of GoTo"),
        ("x" * 5000, "no code of GoTo"),
        (BACK, "does not belong"),
        ("http://[", "does not belong"),
        ("", "Nothing was pasted"),
        (" \n", "Nothing was pasted"),
        (asked().url, "the address to open, not the one"),
    ],
)
def test_what_was_pasted_wrong_is_told_in_plain_words(pasted: str, words: str) -> None:
    with pytest.raises(ConsentRefused, match=words):
        read_pasted(pasted, CONSENT)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("access_denied", "the administrator did not allow it"),
        ("invalid_scope", "give it `identity:`"),
        ("temporarily_unavailable", "try again"),
        ("%3Cscript%3Enew_error", "scriptnew_error"),
    ],
)
def test_goto_saying_no_is_told_in_plain_words(error: str, words: str) -> None:
    with pytest.raises(ConsentRefused, match=words) as refusal:
        read_pasted(f"{BACK}?error={error}&state=the-state", CONSENT)
    assert "goto-scim-bridge connect" in refusal.value.detail
    assert "<" not in refusal.value.detail
    with pytest.raises(ForeignAnswer):
        read_pasted(f"{BACK}?error={error}", CONSENT)
