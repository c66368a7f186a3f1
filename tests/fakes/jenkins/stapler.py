"""How Jenkins turns objects into URLs and JSON (github.com/jenkinsci/stapler).

A URL is walked from object to object (`child`) until a method that is exposed answers (`web`). `api/json` writes what an
object exports, cut by `tree=` or `depth=`.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, ClassVar, NamedTuple, Self
from urllib.parse import urljoin, urlsplit


@dataclass
class Request:
    """What a web method may ask of the request: `parameters` are those of the query and of the form, as in a servlet."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    url: str
    user: str = ""
    session: str = ""
    parameters: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    rest: list[str] = field(default_factory=list)

    def get(self, name: str) -> str | None:
        return self.parameters[name][0] if name in self.parameters else None

    @property
    def is_xml(self) -> bool:
        return self.headers.get("content-type", "").startswith(("application/xml", "text/xml"))

    def form(self) -> dict[str, Any]:
        """The structured form: `RequestImpl.getSubmittedForm`."""
        if text := self.get("json"):
            return dict(json.loads(text))
        said = "This page expects a form submission" if self.parameters or self.files else "Nothing is submitted"
        raise Refused(HTTPStatus.BAD_REQUEST, said)

    def redirect(self, url: str, status: int = HTTPStatus.FOUND) -> "Response":
        """`ResponseImpl.sendRedirect`: to somewhere in here, at the address the request came to."""
        return Response(status, headers={"Location": urljoin(self.url, urlsplit(url).path)})


@dataclass
class Response:
    status: int = HTTPStatus.OK
    body: bytes = b""
    kind: str = "text/html;charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def text(cls, text: str, **headers: str) -> Self:
        return cls(HTTPStatus.OK, text.encode(), "text/plain;charset=utf-8", headers)

    @classmethod
    def xml(cls, text: str) -> Self:
        return cls(HTTPStatus.OK, text.encode(), "application/xml")


class Refused(Exception):
    """An answer that is not the one wished: `HttpResponses.error`."""

    def __init__(self, status: int, message: str = "", **headers: str) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers


class Failure(Refused):
    """`hudson.model.Failure`: the page `error.jelly`, status 400, the message in `X-Error` too."""

    def __init__(self, message: str) -> None:
        super().__init__(HTTPStatus.BAD_REQUEST, message, **{"X-Error": message})


Web = Callable[[Any, Request], Response]


class Exported(NamedTuple):
    get: Callable[[Any], Any]
    visibility: int
    inline: bool


def exported(name: str = "", visibility: int = 0, *, inline: bool = False) -> Callable[[Callable[[Any], Any]], Any]:
    """`@Exported`: what `api/json` says of an object; `visibility` 0 is the one of the class."""

    def mark(get: Callable[[Any], Any]) -> Any:
        get.__dict__["exported"] = (name or get.__name__, visibility, inline)
        return get

    return mark


def web(*names: str, post: bool = False) -> Callable[[Web], Web]:
    """Expose a method under these names; `post` is `@RequirePOST`."""

    def mark(method: Web) -> Web:
        method.__dict__["web"] = (names, post)
        return method

    return mark


class Bean:
    """`@ExportedBean`: an object with URLs and an `api/json`."""

    java: str = ""
    """Its `_class`; none where Jenkins needs to say none."""
    visibility: ClassVar[int] = 1
    exports: ClassVar[dict[str, Exported]] = {}
    methods: ClassVar[dict[str, tuple[Web, bool]]] = {}

    def __init_subclass__(cls) -> None:
        cls.exports, cls.methods = {}, {}
        for owner in reversed(cls.__mro__):
            for attribute, marked in vars(owner).items():
                marks = getattr(marked, "__dict__", {})
                if "exported" in marks:
                    name, visibility, inline = marks["exported"]
                    cls.exports[name] = Exported(
                        getattr(cls, attribute), visibility or getattr(owner, "visibility", 1), inline
                    )
                if "web" in marks:
                    names, post = marks["web"]
                    cls.methods.update(dict.fromkeys(names, (getattr(cls, attribute), post)))

    def child(self, name: str, rest: list[str]) -> "Bean | None":
        """The object one step further; takes further words off `rest` where its address has more."""
        return None


class Facts(Bean):
    """A small bean made of what it is given."""

    def __init__(self, java: str = "", visibility: int = 1, **facts: Any) -> None:
        self.java = java
        getters = {name: (lambda _, value=value: value) for name, value in facts.items()}
        self.exports = {name: Exported(get, visibility, False) for name, get in getters.items()}  # type: ignore[misc]  # those of its class, hidden by its own


def answer(root: Bean, request: Request) -> Response:
    """What `Stapler.invoke` answers."""
    bean, words = root, [word for word in request.rest if word]
    while words:
        if words == ["api", "json"]:
            return api(bean, request)
        if words[0] in bean.methods:
            method, post = bean.methods[words[0]]
            if post and request.method != "POST":
                raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "This URL requires POST", Allow="POST")
            request.rest = words[1:]
            return method(bean, request)
        name, *words = words
        found = bean.child(name, words)
        if found is None:
            raise Refused(HTTPStatus.NOT_FOUND, "Not Found")
        bean = found
    if "" in bean.methods:
        return bean.methods[""][0](bean, request)
    if not request.path.endswith("/"):
        return request.redirect(request.path + "/")
    return for_people(bean, request)


def for_people(bean: Bean, request: Request) -> Response:
    """A page, which redirects lead browsers to."""
    said = f"A simulated {bean.java or 'object'}: see <a href='api/json?pretty=true'>api/json</a>"
    return Response(body=f"<html><head><title>Jenkins</title></head><body>{said}</body></html>".encode())


def api(bean: Bean, request: Request) -> Response:
    """`hudson.model.Api.doJson`."""
    tree, depth = request.get("tree"), request.get("depth") or "0"
    if tree is None and not re.fullmatch(r"-?\d+", depth):
        raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "Depth parameter must be a number")
    pruner = ByPath(parse(tree)) if tree is not None else ByDepth(1 - int(depth))
    text = json.dumps(written(bean, pruner), indent=2 if request.get("pretty") else None, separators=(",", ":"))
    headers = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "deny"}
    return Response(HTTPStatus.OK, text.encode(), "application/json;charset=utf-8", headers)


@dataclass
class Tree:
    children: dict[str, "Tree"] = field(default_factory=dict)
    start: int = 0
    end: int | None = None


class ByPath:
    """`NamedPathPruner`: `jobs[name,lastBuild[number]]{0,10}`."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def accept(self, name: str, found: Exported) -> "ByPath | None":
        subtree = self.tree.children.get(name) or self.tree.children.get("*")
        return ByPath(subtree) if subtree else None

    def cut(self, values: Iterable[Any]) -> list[Any]:
        return list(values)[self.tree.start : self.tree.end]


class ByDepth:
    """`TreePruner.ByDepth`."""

    def __init__(self, least: int) -> None:
        self.least = least

    def accept(self, name: str, found: Exported) -> "ByDepth | None":
        if found.visibility < self.least:
            return None
        return self if found.inline else ByDepth(self.least + 1)

    def cut(self, values: Iterable[Any]) -> list[Any]:
        return list(values)


def written(value: Any, pruner: ByPath | ByDepth) -> Any:
    """`Model.writeTo` and `Property.writeValue`."""
    if isinstance(value, Bean):
        said = {"_class": value.java} if value.java else {}
        for name, found in sorted(value.exports.items()):
            inner = pruner.accept(name, found)
            if inner:
                said[name] = written(found.get(value), inner)
        return said
    if isinstance(value, list | tuple):
        return [written(each, pruner) for each in pruner.cut(value)]
    return value


def parse(spec: str) -> Tree:
    """`NamedPathPruner.parse`."""
    tokens = iter([*re.findall(r"[,\[\]{}]|[^,\[\]{}]+", spec), ""])
    tree, last = _list(tokens, next(tokens))
    if last:
        raise _malformed(last)
    return tree


def _list(tokens: Iterator[str], token: str) -> tuple[Tree, str]:
    tree = Tree()
    while True:
        if token in {"", ",", "[", "]", "{", "}"}:
            raise _malformed(token)
        name, token = token, next(tokens)
        subtree = Tree()
        if token == "[":
            subtree, token = _list(tokens, next(tokens))
            if token != "]":
                raise _malformed(token)
            token = next(tokens)
        if token == "{":
            subtree.start, subtree.end = _range(tokens)
            token = next(tokens)
        tree.children[name] = subtree
        if token != ",":
            return tree, token
        token = next(tokens)


def _range(tokens: Iterator[str]) -> tuple[int, int | None]:
    """`{M,N}`, `{M}`, `{M,}` and `{,N}`."""
    text = ""
    while (token := next(tokens)) != "}":
        if not token:
            raise _malformed(token)
        text += token
    found = re.fullmatch(r"(\d+)?(,)?(\d+)?", text)
    if not found or not text or text == ",":
        raise _malformed(text)
    first, comma, last = found.groups()
    if not comma:
        return int(first), int(first) + 1
    return int(first or 0), int(last) if last else None


def _malformed(token: str) -> Refused:
    return Refused(HTTPStatus.INTERNAL_SERVER_ERROR, f"Malformed tree expression: unexpected '{token or 'end'}'")
