"""A resource that shares its object with others, after the record of what was there before."""

from typing import Any

import pulumi

from providers.prior import PriorValues


def with_prior(
    make: Any,
    name: str,
    key: dict[str, Any],
    declared: dict[str, Any],
    *,
    parent: pulumi.Resource,
    on_destroy: str,
    leaves: list[str] | None = None,
    depends_on: list[pulumi.Resource] | None = None,
    principal: pulumi.Output[str] | None = None,
) -> Any:
    """Declares the record of the object that `key` names, then `make`, the resource that writes.

    `leaves` are the parts of the object to record, where it is recorded in parts. Destroy undoes
    the resource and then its record before anything in `depends_on`. `principal` is what this stack
    made for it, as `Application.made`.
    """
    of = make.KIND
    record = PriorValues(
        f"{name}-before",
        {
            "of": of,
            **key,
            **({} if leaves is None else {"leaves": leaves}),
            **({} if principal is None else {"principal": principal}),
            "declared": pulumi.Output.json_dumps(declared, sort_keys=True),
            "onDestroy": on_destroy,
        },
        pulumi.ResourceOptions(parent=parent, depends_on=depends_on),
    )
    return make(
        name,
        {**key, **declared, "prior": record.values, "onDestroy": on_destroy},
        pulumi.ResourceOptions(parent=parent, depends_on=[record]),
    )
