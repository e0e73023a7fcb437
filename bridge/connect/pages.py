"""The pages that a browser shows at the end of a consent: self-contained, and without a secret."""

from html import escape

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 18vh auto;
  padding: 0 1rem; color: #1c2733; background: #f6f8fa }}
h1 {{ font-size: 1.5rem; color: {color} }}
@media (prefers-color-scheme: dark) {{ body {{ color: #e6edf3; background: #14191f }} }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{text}</p>
</body>
</html>
"""


def worked() -> str:
    """The consent became a grant."""
    text = "The bridge is connected to GoTo. You can close this page: the terminal says the rest."
    return _page("It worked", text, color="#1a7f37")


def failed(detail: str) -> str:
    """It did not, or has not yet; ``detail`` says why and what to do."""
    return _page("This did not work", detail, color="#cf222e")


def nothing_here() -> str:
    """The answer to every other path."""
    return _page(
        "Nothing is here", "The bridge waits for GoTo's answer at another address.", color=""
    )


def _page(title: str, text: str, *, color: str) -> str:
    return _PAGE.format(title=escape(title), text=escape(text), color=color or "inherit")
