"""The catalogue: connectors that come with the product, and those of others by entry point ``crossdock.connectors``.

A connector is imported when it is first asked for, so that starting costs nothing. One that cannot be loaded is told
in :func:`broken` and leaves the others alone.
"""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import EntryPoint, entry_points

import msgspec

from crossdock.connect.connector import Connector
from crossdock.connect.manifest import ManifestError

GROUP = "crossdock.connectors"
_HOME = "crossdock.connectors"


class UnknownConnector(LookupError):
    """There is no such connector; ``known`` are the names there are."""

    def __init__(self, name: str, known: tuple[str, ...], problem: str = "") -> None:
        told = f"the connector {name!r} cannot be loaded: {problem}" if problem else f"there is no connector {name!r}"
        super().__init__(f"{told}; there are {', '.join(known)}")
        self.name, self.known, self.problem = name, known, problem


class Catalogue:
    """Names and where they come from; connectors are loaded once each."""

    def __init__(self, home: str = _HOME, group: str = GROUP) -> None:
        self._home = home
        self._built_in = tuple(m.name for m in pkgutil.iter_modules(importlib.import_module(home).__path__) if m.ispkg)
        self._outside: dict[str, EntryPoint] = {}
        self._loaded: dict[str, Connector] = {}
        self._broken: dict[str, str] = {}
        for point in entry_points(group=group):
            if point.name in self._built_in or point.name in self._outside:
                self._broken[f"{point.name} ({point.value})"] = "its name is taken"
            else:
                self._outside[point.name] = point

    @property
    def names(self) -> tuple[str, ...]:
        """All names, also of connectors that turn out to be broken."""
        return tuple(sorted((*self._built_in, *self._outside)))

    def built_in(self, name: str) -> bool:
        """Whether a connector comes with the product."""
        return name in self._built_in

    def get(self, name: str) -> Connector:
        """Return a connector. Raises :class:`UnknownConnector`."""
        known = self._loaded.get(name)
        if known is not None:
            return known
        if name not in self._built_in and name not in self._outside:
            raise UnknownConnector(name, self.names)
        try:
            connector = self._load(name)
        except Exception as problem:
            told = str(problem) if isinstance(problem, ManifestError) else f"{type(problem).__name__}: {problem}"
            self._broken[name] = told
            raise UnknownConnector(name, self.names, told) from problem
        self._loaded[name] = connector
        if connector.speaks:
            self._loaded[name] = connector = self._speaking(connector)
        return connector

    def _speaking(self, connector: Connector) -> Connector:
        """Lend a connector the words of the one it speaks like; without that one its documents stay documents."""
        try:
            other = self.get(connector.speaks)
        except UnknownConnector:
            return connector
        changing = {stream.name: stream.volatile for stream in other.manifest.streams}
        streams = tuple(
            stream if stream.volatile else msgspec.structs.replace(stream, volatile=changing.get(stream.name, ()))
            for stream in connector.manifest.streams
        )
        return msgspec.structs.replace(
            connector,
            manifest=msgspec.structs.replace(connector.manifest, streams=streams),
            read=connector.read or other.read,
            observe=connector.observe or other.observe,
        )

    def _load(self, name: str) -> Connector:
        if name in self._built_in:
            found = importlib.import_module(f"{self._home}.{name}").CONNECTOR
        else:
            found = self._outside[name].load()
        if not isinstance(found, Connector):
            raise TypeError(f"expected a Connector, found {type(found).__name__}")
        if found.manifest.name != name:
            raise ValueError(f"its manifest says that it is called {found.manifest.name!r}")
        return found

    def connectors(self) -> tuple[Connector, ...]:
        """Return all that can be loaded, by name; the others are in :meth:`broken`."""
        found = []
        for name in self.names:
            try:
                found.append(self.get(name))
            except UnknownConnector:
                continue
        return tuple(found)

    def broken(self) -> dict[str, str]:
        """Return what cannot be loaded, of what was asked for so far: name -> why."""
        return dict(self._broken)


_catalogue: list[Catalogue] = []


def catalogue() -> Catalogue:
    """Return the process's catalogue."""
    if not _catalogue:
        _catalogue.append(Catalogue())
    return _catalogue[0]


def get(name: str) -> Connector:
    """Return a connector by name. Raises :class:`UnknownConnector`."""
    return catalogue().get(name)


def names() -> tuple[str, ...]:
    """Return the names of all connectors."""
    return catalogue().names


def connectors() -> tuple[Connector, ...]:
    """Return all connectors that can be loaded, by name."""
    return catalogue().connectors()


def broken() -> dict[str, str]:
    """Return what cannot be loaded: name -> why."""
    catalogue().connectors()
    return catalogue().broken()
