"""The command line: one module a command group, ``--json`` everywhere, exit codes from the error tree."""
