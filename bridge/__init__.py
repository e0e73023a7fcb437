"""A SCIM 2.0 service whose Users and Groups are those of a GoTo account."""
