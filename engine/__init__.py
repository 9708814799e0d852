"""The Pulumi engine, the azuread plugin and the Python environments of this project.

`environment()` is what everything that starts `pulumi` puts into its child's environment.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["environment"]


def environment(
    environ: Mapping[str, str] | None = None, *, backend: bool = True
) -> dict[str, str]:
    """The variables to add to a process's environment so that `pulumi` works in it.

    `environ` is the environment they are worked out from (this process's own, unless given).
    They hold PATH, VIRTUAL_ENV, PULUMI_PYTHON_CMD, PULUMI_SKIP_UPDATE_CHECK; PULUMI_HOME and
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION where the engine or the plugin was built here; with
    `backend`, the per-user file backend for a user who has none. The Python environment is the one
    that runs this code where it is one of ours, else that of runs. Installs what is missing,
    telling on stderr. Raises engine.errors.EngineError.
    """
    from engine import python_env
    from engine.places import places
    from engine.progress import Progress
    from engine.variables import variables

    where = places(environ)
    dev = Path(sys.prefix) == python_env.entry_of(where, "dev")
    kind = "dev" if dev else python_env.kind_for_runs(where)
    return variables(where, kind, Progress(), backend=backend)
