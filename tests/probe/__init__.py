"""Probing an account: steps, removal of what they make, report."""
