"""Chalkline's one command line."""

import typer

from commands import audit, data, evaluate, keys, knowledge, retention, risk, serving, users

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its pictures of a failure show values
    help=__doc__,
)

app.command("run")(serving.run)
app.command("worker")(serving.worker)
app.command("migrate")(data.migrate)
app.command("demo")(data.demo)
app.add_typer(data.load, name="load")
app.command("refresh")(data.refresh_state)
app.command("measure")(data.measure)
app.command("status")(data.status)
app.command("db-url")(data.db_url)
app.add_typer(users.user, name="user")
app.add_typer(keys.keys, name="keys")
app.add_typer(audit.audit, name="audit")
app.add_typer(retention.retention, name="retention")
app.add_typer(knowledge.mastery, name="mastery")
app.add_typer(evaluate.evaluate, name="evaluate")
app.add_typer(risk.risk, name="risk")

if __name__ == "__main__":
    app()
