"""Checks objects against STIX 2.1 and says what is wrong, one by one, before anything keeps them."""
