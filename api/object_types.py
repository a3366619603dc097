"""How object types of the GraphQL schema are built: of fields that only the planner answers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import Annotated, Any, Optional

import strawberry

_MODULE = __name__


def lazy(name: str) -> Any:  # noqa: ANN401 - a type form
    """Name an object type that may not be built yet."""
    return Annotated[name, strawberry.lazy(_MODULE)]


def optional(form: Any) -> Any:  # noqa: ANN401 - a type form
    """Say that a value may be null; every field that a policy may hide is."""
    return Optional[form]  # noqa: UP045 - a lazy type has no |


@dataclass(frozen=True, slots=True)
class Required:
    """The type form of an argument that must be given."""

    form: Any


def unresolved(annotation: Any, description: str, **arguments: tuple[Any, str]) -> Any:  # noqa: ANN401
    """Declare a field that the planner answers; its arguments are optional unless they are `Required`."""
    forms = {
        name: Annotated[
            type_.form if isinstance(type_, Required) else optional(type_),
            strawberry.argument(description=text),
        ]
        for name, (type_, text) in arguments.items()
    }
    required = {name for name, (type_, _) in arguments.items() if isinstance(type_, Required)}
    return _unresolved(annotation, description, forms, required)


def mutation(payload: Any, description: str, given: Any) -> Any:  # noqa: ANN401 - type forms and a field
    """Declare a mutation, which takes one input and answers with null only where it fails."""
    return _unresolved(optional(payload), description, {"input": given}, {"input"})


def _unresolved(
    annotation: Any,  # noqa: ANN401 - a type form
    description: str,
    forms: dict[str, Any],
    required: Collection[str],
) -> Any:  # noqa: ANN401 - a field
    def resolver(**_: object) -> None:
        raise AssertionError("the planner answers every field")

    resolver.__dict__["__signature__"] = Signature(
        [
            Parameter(
                name,
                Parameter.KEYWORD_ONLY,
                default=Parameter.empty if name in required else strawberry.UNSET,
                annotation=form,
            )
            for name, form in forms.items()
        ],
        return_annotation=annotation,
    )
    resolver.__annotations__ = forms | {"return": annotation}
    return strawberry.field(resolver=resolver, description=description)


def object_type(
    name: str, description: str, members: dict[str, tuple[Any, str]], bases: tuple[type, ...] = ()
) -> Any:  # noqa: ANN401 - a type form
    """Build an object type from annotations or prepared fields, and make it importable from here."""
    body: dict[str, Any] = {"__annotations__": {}, "__module__": _MODULE}
    for member, (form, text) in members.items():
        if isinstance(form, strawberry.types.field.StrawberryField):
            body[member] = form
        else:
            body["__annotations__"][member] = form
            body[member] = strawberry.field(description=text)
    made = strawberry.type(type(name, bases, body), name=name, description=description)
    globals()[name] = made
    return made


def type_named(name: str) -> Any:  # noqa: ANN401 - a type form
    """Return an object type that is built."""
    return globals()[name]
