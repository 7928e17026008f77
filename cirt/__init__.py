"""cirt: incident register and threat-intelligence exchange of a national CIRT."""

__version__ = "0.1.0"
