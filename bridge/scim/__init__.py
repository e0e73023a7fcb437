"""The SCIM face: HTTP and SCIM in front of the directory. It never speaks to GoTo or the store."""

from bridge.scim.application import scim_application
from bridge.scim.auth import Authenticator, Client, Profile
from bridge.scim.errors import error_response

__all__ = ["Authenticator", "Client", "Profile", "error_response", "scim_application"]
