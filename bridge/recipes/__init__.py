"""Recipes: what to type into identity platforms so that they reach this bridge.

Knows the platforms' words and the shipped templates (``mappings/eic``, ``mappings/recipes``); knows
no HTTP, no directory and no secret: where a secret belongs, a file has a placeholder.
"""

from bridge.recipes.addresses import Address, address_of
from bridge.recipes.eic import AUTHENTICATIONS, Authentication, eic_files
from bridge.recipes.folder import write_folder
from bridge.recipes.pages import PLATFORMS, page

__all__ = [
    "AUTHENTICATIONS",
    "PLATFORMS",
    "Address",
    "Authentication",
    "address_of",
    "eic_files",
    "page",
    "write_folder",
]
