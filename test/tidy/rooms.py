"""Which room may include which: src/CMakeLists.txt is the table, this holds every #include line against it."""

import functools
import re

import tree

# Outside headers and the rooms that may know them. A room of "" means one file only.
EXTERNAL = {
    "boost/": ("net", "app"),
    "openssl/": ("net", "auth", "app", "base/random.cc"),
    "sqlite3.h": ("store/embedded",),
    "simdjson.h": ("json",),
    "spdlog/": ("base/log.cc",),
    "toml++/": ("app",),
    "CLI/": ("app",),
}

_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


@functools.cache
def table():
    """{folder: set of folders it may include}, closed over dependencies."""
    direct, folder_of = {}, {}
    source = tree.text("src/CMakeLists.txt")
    for name, arguments in re.findall(r"nave_room\((\w+)\s+([^)]*)\)", source):
        folder_of[name] = re.search(r"\bDIR\s+(\S+)", arguments).group(1)
        deps = re.search(r"\bDEPS\s+((?:nave_\w+\s*)+)", arguments)
        direct[name] = deps.group(1).split() if deps else []

    @functools.cache
    def closed(name):
        return {name}.union(*(closed(d) for d in direct[name]))

    rooms = {folder_of[name]: {folder_of[d] for d in closed(name)} for name in direct}
    rooms["app"] = set(rooms) | {"app"}
    return rooms


def room_of(path):
    """The room of a path below src/, or None."""
    return next((r for r in sorted(table(), key=len, reverse=True) if path.startswith(r + "/")), None)


def includes(name):
    for line, content in tree.numbered(name):
        if found := _INCLUDE.match(content):
            yield line, found.group(1), found.group(2)


def check_includes_follow_the_room_table():
    for name in tree.select("src/", endings=tree.CODE):
        room = room_of(name.removeprefix("src/"))
        if room is None:
            yield f"{name}: belongs to no room of src/CMakeLists.txt"
            continue
        for line, mark, included in includes(name):
            target = room_of(included)
            if mark == '"' and target is None:
                yield f'{name}:{line}: "{included}" is no file of a room (name it from src/)'
            elif mark == '"' and target not in table()[room]:
                yield f"{name}:{line}: {room} must not know {target} ({included})"


def check_outside_headers_stay_in_their_rooms():
    for name in tree.select("src/", endings=tree.CODE):
        path = name.removeprefix("src/")
        for line, _, included in includes(name):
            for prefix, allowed in EXTERNAL.items():
                if included.startswith(prefix) and path not in allowed and room_of(path) not in allowed:
                    yield f"{name}:{line}: {included} belongs into {', '.join(allowed)}"


def check_architecture_names_every_room():
    architecture = tree.text("ARCHITECTURE.md")
    for room in table():
        parent = room.split("/")[0]
        if f"`{room}`" not in architecture and f"`{parent}/*`" not in architecture:
            yield f"ARCHITECTURE.md: no row for the room {room}"
