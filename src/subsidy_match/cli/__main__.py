"""``python -m subsidy_match.cli``."""

from subsidy_match.cli import main

main()
