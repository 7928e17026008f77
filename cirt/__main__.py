"""``python -m cirt``."""

from cirt.boot import main

main()
