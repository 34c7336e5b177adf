"""What may not be in the tree, and what must be."""

import pathlib
import re
import subprocess

import rooms
import tree

# Headers whose parser has no fuzz target of its own, each with its reason.
NOT_FUZZED = {"app/connection_string.h": "what the operator types, no peer"}

_PARSER = re.compile(
    r"\b(?:parse|decode)_\w+\(\s*(?:std::string_view|std::span|Bytes|ByteReader)|\bclass \w*(?:Decoder|Parser)\b"
)


def check_no_machine_paths_or_registries():
    # Written in pieces, so that this file does not find itself.
    patterns = [
        "/wo" r"rk/", "/ro" r"ot/", "/ho" r"me/\w", "/fa" r"rm/", r"https?://(deb|security|ftp)[a-z.]*deb" "ian",
        "registry" r"\.n" "pm", "npm" r"js\.o" "rg/", "py" r"pi\.org", "python" "hosted", r"repo1?\.ma" "ven",
        "proxy" r"\.gol" "ang", "crates" r"\.i" "o",
    ]
    forbidden = re.compile("|".join(patterns))
    for name in filter(tree.is_text, tree.files()):
        for number, line in tree.numbered(name):
            if forbidden.search(line):
                yield f"{name}:{number}: {line.strip()[:100]}"


def check_lock_files_hold_no_addresses():
    for name in tree.select(endings="package-lock.json"):
        for number, line in tree.numbered(name):
            if '"resolved"' in line:
                yield f"{name}:{number}: {line.strip()[:100]}"


def check_npm_versions_are_exact():
    for name in tree.select(endings="package.json"):
        for number, line in tree.numbered(name):
            if re.search(r'":\s*"[\^~><*]', line) and "node" not in line:
                yield f"{name}:{number}: {line.strip()}"


def check_nothing_is_vendored():
    for name in tree.files():
        if re.search(r"(^|/)(vendor|third_party|thirdparty|node_modules)/", name):
            yield name


def check_tests_do_not_sleep():
    sleeping = re.compile(r"\b(u|nano)?sleep(_for|_until)?\s*\(|\btime\.sleep\b|^\s*sleep\s+[\d$]")
    for name in tree.select("test/", endings=(".cc", ".h", ".js", ".py", ".sh")):
        if name.startswith("test/tidy/"):
            continue
        for number, line in tree.numbered(name):
            if sleeping.search(line):
                yield f"{name}:{number}: {line.strip()[:100]}"


def _fuzzed():
    """Headers that fuzz targets include, and what those use within their own room."""
    reached = set()
    for target in tree.select("test/fuzz/", endings="_fuzz.cc"):
        waiting = [path for _, mark, path in rooms.includes(target) if mark == '"']
        own_rooms = {rooms.room_of(path) for path in waiting}
        while waiting:
            path = waiting.pop()
            if path in reached or rooms.room_of(path) not in own_rooms:
                continue
            reached.add(path)
            for name in (f"src/{path}", f"src/{path.removesuffix('.h')}.cc"):
                if name in tree.files():
                    waiting += [used for _, mark, used in rooms.includes(name) if mark == '"']
    return reached


def check_every_decoder_has_a_fuzz_target():
    fuzzed = _fuzzed()
    for name in tree.select("src/", endings=".h"):
        path = name.removeprefix("src/")
        if _PARSER.search(tree.without_comments(tree.text(name))) and path not in fuzzed and path not in NOT_FUZZED:
            yield f"{name}: takes bytes of a peer apart and no test/fuzz/*_fuzz.cc reaches it"


def check_every_fuzz_target_has_seeds():
    for name in tree.select("test/fuzz/", endings="_fuzz.cc"):
        corpus = f"test/fuzz/corpus/{pathlib.PurePath(name).stem.removesuffix('_fuzz')}/"
        if not tree.select(corpus):
            yield f"{name}: no seeds in {corpus}"


def check_unit_tests_mirror_the_source():
    folders = {str(pathlib.PurePath(name).parent) for name in tree.select("src/", endings=tree.CODE)}
    parents = {str(p) for folder in folders for p in [pathlib.PurePath(folder), *pathlib.PurePath(folder).parents]}
    for name in tree.select("test/unit/", endings="_test.cc"):
        mirrored = "src/" + str(pathlib.PurePath(name).parent).removeprefix("test/unit/")
        if mirrored not in parents:
            yield f"{name}: there is no {mirrored}"


def check_links_of_the_docs_resolve():
    link = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
    for name in tree.select(endings=".md"):
        for number, line in tree.numbered(name):
            for target in link.findall(line):
                path = target.split("#")[0]
                if re.match(r"[a-z]+:", target) or not path:
                    continue
                if not (tree.ROOT / name).parent.joinpath(path).exists():
                    yield f"{name}:{number}: {target}"


def check_limits_page_names_every_limit():
    page = tree.text("docs/operations/limits.md") if "docs/operations/limits.md" in tree.files() else ""
    for limit in re.findall(r"\bk[A-Z]\w+(?= =)", tree.text("src/base/limits.h")):
        if f"`{limit}`" not in page:
            yield f"docs/operations/limits.md: {limit} is missing"
    for named in re.findall(r"`(k[A-Z]\w+)`", page):
        if f"{named} =" not in tree.text("src/base/limits.h"):
            yield f"docs/operations/limits.md: {named} does not exist"


def check_every_error_is_on_its_page():
    done = subprocess.run([tree.ROOT / "script/error-pages", "--check"], capture_output=True, text=True)
    yield from (done.stdout + done.stderr).splitlines()
