"""Form: lengths, whitespace, characters, words, format."""

import re
import subprocess

import tree

FILE_LINES_MAX = 450
FUNCTION_LINES_MAX = 70

# Longer files, each with its reason.
LONG_FILES = {
    "test/interop/package-lock.json": "made by npm",
}

_CODE_LIKE = tree.CODE + (".js", ".py", ".sh", ".cmake")


def check_files_are_short():
    for name in tree.select(endings=_CODE_LIKE):
        lines = tree.text(name).count("\n")
        if lines > FILE_LINES_MAX and name not in LONG_FILES:
            yield f"{name}: {lines} lines, at most {FILE_LINES_MAX}"


def check_functions_fit_a_screen():
    """clang-format puts a function's last brace at the indentation of its first line; that is all this needs."""
    opening = re.compile(r"^( {0,4})[^\s#/}].*\{$")
    for name in tree.select("src/", "test/", "bench/", endings=tree.CODE):
        start = None
        for number, line in tree.numbered(name):
            found = opening.match(line)
            if start is None and found and not re.match(r"\s*(namespace|class|struct|enum|union|extern)\b", line):
                # A constructor's initializers stand four further in than its last brace.
                start, indent = number, found.group(1)[4 if line.lstrip().startswith(":") else 0 :]
            elif start is not None and re.match(rf"^{indent}\}}", line):
                if number - start > FUNCTION_LINES_MAX and not _is_table(name, start):
                    yield f"{name}:{start}: {number - start} lines, at most {FUNCTION_LINES_MAX}"
                start = None


def _is_table(name, line):
    """`constexpr … = {` and the like are data."""
    return re.search(r"=\s*\{$|\]\s*\{$", tree.text(name).splitlines()[line - 1]) is not None


def check_no_tabs_or_trailing_blanks():
    for name in filter(tree.is_text, tree.files()):
        for number, line in tree.numbered(name):
            if "\t" in line:
                yield f"{name}:{number}: tab"
            if line.endswith((" ", "\r")):
                yield f"{name}:{number}: blanks at the end"
        if tree.text(name) and not tree.text(name).endswith("\n"):
            yield f"{name}: no newline at the end"


def check_code_is_ascii_outside_comments():
    for name in tree.select("src/", "bench/", endings=tree.CODE):
        for number, line in enumerate(tree.without_comments(tree.text(name)).splitlines(), 1):
            if not line.isascii():
                yield f"{name}:{number}: not ASCII outside a comment"


def check_headers_are_guarded():
    for name in tree.select("src/", "test/", "bench/", endings=".h"):
        if "#pragma once" not in tree.text(name):
            yield f"{name}: no #pragma once"


def check_nothing_is_left_for_later():
    words = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
    for name in filter(tree.is_text, tree.select("src/", "test/", "bench/", "docs/", "cmake/", "script/")):
        for number, line in tree.numbered(name):
            if words.search(line):
                yield f"{name}:{number}: {line.strip()[:80]}"


def check_clang_format():
    sources = tree.select("src/", "test/", "bench/", endings=tree.CODE)
    done = subprocess.run(
        ["clang-format-16", "--dry-run", "-Werror", *sources], cwd=tree.ROOT, capture_output=True, text=True
    )
    yield from sorted({line.split(":")[0] + ": clang-format-16 -i" for line in done.stderr.splitlines() if ": error:" in line})
    if done.returncode != 0 and ": error:" not in done.stderr:
        yield done.stderr.strip()[:300]
