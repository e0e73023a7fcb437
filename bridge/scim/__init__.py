"""The SCIM face: HTTP and SCIM in front of the directory. It never speaks to GoTo or the store."""

from bridge.scim.access_tokens import AccessTokens
from bridge.scim.application import scim_application
from bridge.scim.auth import Authenticator, Client, Profile
from bridge.scim.errors import error_response
from bridge.scim.sign_ins import REASONS, SignInLimiter
from bridge.scim.token_endpoint import TokenEndpoint

__all__ = [
    "REASONS",
    "AccessTokens",
    "Authenticator",
    "Client",
    "Profile",
    "SignInLimiter",
    "TokenEndpoint",
    "error_response",
    "scim_application",
]
