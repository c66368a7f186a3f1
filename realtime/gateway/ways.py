"""How a command gets to the nodes, from wherever the caller stands."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any

from django.utils.translation import gettext_lazy as _

from realtime import cluster
from realtime.commands import Command, execute
from realtime.directory import Directory
from realtime.errors import GatewayUnreachable
from realtime.guard import guarded
from realtime.questions import Answers, Receipt
from realtime.remote import remote

ANSWER_SECONDS = 10.0
Question = Callable[[Directory], Awaitable[Any]]


def run(command: Command, *, local: bool = False, receipt: bool = False) -> Receipt | None:
    """Have a command carried out; with `receipt`, wait for what came of it."""
    if receipt:
        return answers(command, local=local).receipt()
    node = cluster.serving()
    if node is None:
        if not local:
            way_out = remote()
            way_out.submit(way_out.publish, command).result(ANSWER_SECONDS)
    elif node.on_loop():
        node.run(command, local=local)
    else:
        node.submit(command, local=local)
    return None


async def arun(command: Command, *, local: bool = False, receipt: bool = False) -> Receipt | None:
    """Have a command carried out; with `receipt`, wait for what came of it."""
    if receipt:
        return (await aanswers(command, local=local)).receipt()
    node = cluster.serving()
    if node is None:
        if not local:
            way_out = remote()
            await asyncio.wrap_future(way_out.submit(way_out.publish, command))
    elif node.on_loop():
        if node.link:
            await node.link.room()
        node.run(command, local=local)
    else:
        await asyncio.to_thread(node.submit, command, local=local)
    return None


def answers(command: Command, *, local: bool = False) -> Answers:
    """Have a command carried out, and wait for what each node says.

    :raises GatewayUnreachable: when nobody can be asked.
    """
    node = cluster.serving()
    if node is not None and node.on_loop():
        if local or node.link is None:
            return Answers({node.id: execute(node.hub, command)}, [])
        raise _would_block()
    found: Answers = _result(_asked(command, local))
    return found


async def aanswers(command: Command, *, local: bool = False) -> Answers:
    """Have a command carried out, and wait for what each node says.

    :raises GatewayUnreachable: when nobody can be asked.
    """
    node = cluster.serving()
    if node is not None and node.on_loop():
        return await node.ask_nodes(command, local=local)
    return await asyncio.wrap_future(_asked(command, local))


def _asked(command: Command, local: bool) -> "Future[Answers]":
    if node := cluster.serving():
        return node.ask(lambda: node.ask_nodes(command, local=local))
    if local:
        nobody: Future[Answers] = Future()
        nobody.set_result(Answers({}, []))
        return nobody
    way_out = remote()
    return way_out.submit(way_out.ask_nodes, command)


def ask(question: Question, *, in_pieces: bool = False) -> Any:
    """Ask the directory of who is online.

    :param in_pieces: the question guards each of its pieces itself: all together may take longer than one call.
    :raises GatewayUnreachable: when it does not answer.
    """
    node = cluster.serving()
    if node is not None and node.on_loop():
        raise _would_block()
    return _result(_asked_elsewhere(question, in_pieces))


async def aask(question: Question, *, in_pieces: bool = False) -> Any:
    """Ask the directory of who is online; see `ask`.

    :raises GatewayUnreachable: when it does not answer.
    """
    node = cluster.serving()
    if node is not None and node.on_loop():
        return await _answer(question, node.presence, in_pieces)
    return await asyncio.wrap_future(_asked_elsewhere(question, in_pieces))


def _asked_elsewhere(question: Question, in_pieces: bool) -> "Future[Any]":
    if node := cluster.serving():
        return node.ask(lambda: _answer(question, node.presence, in_pieces))
    way_out = remote()

    async def answer() -> Any:
        return await _answer(question, way_out.who(), in_pieces)

    return way_out.submit(answer)


async def _answer(question: Question, who: Directory, in_pieces: bool) -> Any:
    return await (question(who) if in_pieces else guarded(question, who))


def _would_block() -> RuntimeError:
    return RuntimeError("This would block the event loop: await the async twin instead.")


def _result(asked: "Future[Any]") -> Any:
    try:
        return asked.result(ANSWER_SECONDS)
    except TimeoutError:
        raise GatewayUnreachable(why=_("it did not answer in time.")) from None
