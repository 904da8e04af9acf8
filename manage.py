"""Chalkline's one command line."""

import sys
from collections.abc import Sequence
from importlib import import_module

import typer

COMMANDS = {  # each with the name in commands/ that does it
    "run": "serving.run",
    "worker": "serving.worker",
    "migrate": "data.migrate",
    "demo": "data.demo",
    "load": "data.load",
    "refresh": "data.refresh_state",
    "measure": "data.measure",
    "status": "data.status",
    "db-url": "data.db_url",
    "user": "users.user",
    "keys": "keys.keys",
    "audit": "audit.audit",
    "retention": "retention.retention",
    "mastery": "knowledge.mastery",
    "evaluate": "evaluate.evaluate",
    "risk": "risk.risk",
}


def command_line(names: Sequence[str] = tuple(COMMANDS)) -> typer.Typer:
    """The commands of these names, with nothing imported for the others."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # its pictures of a failure show values
    )
    app.callback(help=__doc__)(lambda: None)  # or a lone command would lose its name
    for name in names:
        module, _, attribute = COMMANDS[name].partition(".")
        found = getattr(import_module(f"commands.{module}"), attribute)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name)(found)
    return app


if __name__ == "__main__":
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    command_line([wanted] if wanted in COMMANDS else tuple(COMMANDS))()
