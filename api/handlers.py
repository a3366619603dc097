"""The handlers of a worker, with those that the planner's word is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from api.live.hook_discretion import HookDiscretion
from auth.crypto import Sealer
from storage.database import Database
from storage.lanes import Queue
from sync.handlers import Apart, Handler
from sync.hooks.networks import networks_of
from sync.hooks.work import HookWork
from sync.registry import handlers, now


def all_handlers(database: Database, sealer: Sealer, hook_networks: str = "") -> Mapping[Queue, Handler]:
    """Return the handler of every queue; `hook_networks` are those that the settings let webhooks reach."""
    discretion = HookDiscretion(database, sealer, now)
    hooks = HookWork(database, sealer, now, discretion, networks_of(hook_networks))
    return {**handlers(database, sealer), Queue.HOOK: Apart(hooks.tell, close=discretion.close)}
