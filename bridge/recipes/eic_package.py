"""EIC's transport package: a connection as a zip of two files.

Its form was read from packages that vendors publish. ``ConnectionJSON`` is left empty, because EIC
keeps that attribute sealed and a package cannot carry it.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

PACKAGE = "GoToMeeting-via-SCIM-bridge.zip"
NAME = "GoToMeeting via SCIM bridge"
TEMPLATE = "GoToMeetingSCIM"
NONE_OF = (
    "templateMandatoryData",
    "connectorType",
    "msconnectorversion",
    "sslCertificate",
    "sslCertificateId",
    "vaultConfig",
    "vaultCredentialConnection",
    "credentialChangeConfig",
)


def transport_package(attributes: Mapping[str, str], *, at: datetime) -> bytes:
    """Return the zip; ``attributes`` are the connection's by name, ``at`` is in UTC."""
    stamp = f"{at:%Y-%m-%d_%H-%M-%S}(UTC).json"
    entries = {
        f"Connection_{stamp}": _connection(attributes),
        f"ObjectSummary_{stamp}": _summary(at),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            info = zipfile.ZipInfo(name, at.timetuple()[:6])
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, json.dumps(content, indent=2) + "\n")
    return packed.getvalue()


def _connection(attributes: Mapping[str, str]) -> dict[str, Any]:
    values = {"ConnectionJSON": "", **attributes}
    return {
        NAME: {
            "connectionname": NAME,
            "connectiondescription": "GoTo Meeting governed through the SCIM bridge",
            "externalconnectiontype": "REST",
            "templateName": TEMPLATE,
            "connectorms": False,
            "status": 1,
            "statusForEnableDisable": 1,
            **dict.fromkeys(NONE_OF),
            "EXTERNAL_ATTR": [
                {
                    "attributename": name,
                    "encryptedattributevalue": value,
                    "formdata": None,
                    "credentialSaveStatus": False,
                }
                for name, value in values.items()
            ],
        }
    }


def _summary(at: datetime) -> dict[str, Any]:
    return {
        "Objects": {"connection": [NAME]},
        "Information": {
            "GUID": str(uuid5(NAMESPACE_URL, f"goto-scim-bridge/{at.isoformat()}")),
            "Exported By": "admin",
            "Exported On": f"{at:%Y-%m-%d %H:%M:%S}",
            "System": "goto-scim-bridge",
            "TransferOwners": "0",
            "TransferUsers": "0",
        },
    }
