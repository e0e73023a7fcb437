"""A whole day of an identity platform: all it knows, a day of changes, and all of it again."""
