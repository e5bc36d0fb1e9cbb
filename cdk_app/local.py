"""What only a laptop has: the addresses that `painel up` hands to the synthesis as context."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from constructs import Construct

REPOSITORY = Path(__file__).resolve().parent.parent
LAMBDAS_CONTEXT = "lambdas_folder"
# The emulator takes the API's id from a tag, so that URLs survive a new deployment.
LOCAL_API_ID = "painelml"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalAddresses:
    """Base URLs of the emulator and the simulator, and a digest of the code in the repository."""

    emulator_url: str
    simulator_url: str
    code_version: str

    @classmethod
    def of(cls, scope: Construct) -> LocalAddresses:
        """Read from the context; raises ValueError naming what is missing."""
        values = {name: scope.node.try_get_context(name) for name in ("emulator_url", "simulator_url")}
        missing = [f"-c {name}=URL" for name, value in values.items() if not value]
        if missing:
            raise ValueError(
                f"Environment local needs {', '.join(missing)}. `make up` passes them; for a synthesis alone any URL will do."
            )
        return cls(**values, code_version=str(scope.node.try_get_context("code_version") or "unversioned"))


def lambdas_folder(scope: Construct) -> Path:
    """The folder that holds one folder per function; it is called `lambdas`, since that is the package's name."""
    given = scope.node.try_get_context(LAMBDAS_CONTEXT)
    return Path(str(given)) if given else REPOSITORY / "lambdas"
