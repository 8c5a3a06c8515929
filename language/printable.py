"""The words of strangers, made safe to print: no page can forge a line of a log or steer a terminal."""

from __future__ import annotations

import re

# C0 and C1 controls (a terminal obeys them), line separators, and the marks that turn the order of what follows: with them a
# text can look like another (CVE-2021-42574). The plain direction marks of Arabic text stay, and so do tabs.
_UNSAFE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# A user name and a password in an address.
_CREDENTIALS = re.compile(r"(?<=://)[^\s/?#'\"]{1,500}@")


def printable(text: str, *, keep: str = "") -> str:
    """A text with its dangerous characters written as escapes, such as \\x1b.

    Args:
        keep: characters that stay, such as the line ends of a text of ours.
    """
    return _UNSAFE.sub(lambda found: found[0] if found[0] in keep else _escape(found[0]), text)


def printable_json(line: str) -> str:
    """JSON with its dangerous characters in JSON's own escapes: it says the same as before."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


def without_credentials(text: str) -> str:
    """A text whose addresses have lost user names and passwords."""
    return _CREDENTIALS.sub("", text) if "@" in text else text


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
