"""The ``roiops`` command, a file per subcommand."""

from __future__ import annotations

from typing import Annotated, Any

try:
    import rich  # noqa: F401
    import typer
    import typer.core
except ImportError as error:
    raise SystemExit(
        f"The roiops command needs typer and rich: pip install 'roiops[demo]' ({error})"
    ) from error

import roiops
from roiops.cli.demo import demo
from roiops.cli.doctor import doctor
from roiops.cli.inspect import inspect
from roiops.cli.upgrade import upgrade
from roiops.cli.verify import verify


class _Command(typer.core.TyperCommand):
    """A command whose help shows flags without a type."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options, --help among them."""
        parameters: list[Any] = super().get_params(ctx)
        for parameter in parameters:
            if getattr(parameter, "is_flag", False):
                parameter.display_type_rich = parameter.display_type = lambda ctx: None
        return parameters


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"roiops {roiops.__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    """Operators for regions of interest in ONNX Runtime."""


for _command in (demo, doctor, inspect, upgrade, verify):
    app.command(cls=_Command)(_command)
