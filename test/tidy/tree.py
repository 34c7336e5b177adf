"""The files of the repository, read once."""

import functools
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODE = (".cc", ".h")
TEXT = CODE + (".js", ".py", ".sh", ".md", ".txt", ".cmake", ".json", ".def", ".toml")


@functools.cache
def files():
    """Every file that is or would be committed, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return sorted(name for name in set(listed.split("\0")) if name and (ROOT / name).is_file())


def select(*prefixes, endings=None):
    return [f for f in files() if f.startswith(prefixes or ("",)) and (endings is None or f.endswith(endings))]


@functools.cache
def text(name):
    return (ROOT / name).read_text(encoding="utf-8", errors="surrogateescape")


def numbered(name):
    return enumerate(text(name).splitlines(), 1)


def is_text(name):
    """Fuzz seeds and golden files hold whatever bytes their test needs."""
    return not name.startswith(("test/fuzz/corpus/", "test/golden/")) and (
        name.endswith(TEXT) or "\0" not in text(name)[:1024]
    )


_COMMENT_OR_LITERAL = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL
)


def without_comments(source):
    """C++ source with comments blanked; literals stay."""

    def blank(match):
        found = match.group(0)
        return re.sub(r"[^\n]", " ", found) if found.startswith(("//", "/*")) else found

    return _COMMENT_OR_LITERAL.sub(blank, source)
