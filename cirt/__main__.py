"""``python -m cirt``."""

from cirt.boot.main import main

main()
