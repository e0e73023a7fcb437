"""Lets the checks of the shared witness say what differs, as those of a test file do."""

import pytest

pytest.register_assert_rewrite("tests.directory.witness")
