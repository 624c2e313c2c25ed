"""`python -m shas_kb` is `shas-kb`."""

from shas_kb.cli.app import main

main()
