"""The command line: typer commands, rich rendering, progress bars. The only part that talks to a terminal."""
