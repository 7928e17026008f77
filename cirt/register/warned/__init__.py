"""The warning list as operators edit it: values that are too common for a match to mean anything."""
