"""Keeps the data: settings, server, engine, tables, migrations, loaders, jobs and backups."""
