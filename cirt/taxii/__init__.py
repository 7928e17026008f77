"""The TAXII 2.1 server: reads requests, asks the rooms below, joins the answers."""

from cirt.taxii.blueprint import answer_error, is_ours, make_blueprint, proven_accounts
from cirt.taxii.limits import ProvenAccounts
from cirt.taxii.visit import LEAVING, Leaving

__all__ = [
    "LEAVING",
    "Leaving",
    "ProvenAccounts",
    "answer_error",
    "is_ours",
    "make_blueprint",
    "proven_accounts",
]
