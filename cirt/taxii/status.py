"""What became of a POST (TAXII 2.1, section 4.3)."""

import uuid
from typing import Any

from flask import Response

from cirt.exchange.models import Receipt
from cirt.exchange.receipts import find_receipt
from cirt.kernel.clock import to_us
from cirt.kernel.errors import NotFound
from cirt.parties.models import Peer
from cirt.taxii import answer
from cirt.taxii.visit import visit


def status(status_id: str) -> Response:
    """Only to the peer whose POST it was."""
    try:
        wanted = str(uuid.UUID(status_id))
    except ValueError:
        raise NotFound from None
    here = visit()
    peer = here.work.session.get_one(Peer, here.peer_id)
    receipt = find_receipt(here.work, peer, wanted)
    return answer.resource(status_resource(receipt))


def status_resource(receipt: Receipt) -> dict[str, Any]:
    """A POST is worked off before it is answered, so nothing is ever pending."""
    successes, failures = list(receipt.successes), list(receipt.failures)
    return {
        "id": receipt.id,
        "status": "complete",
        "request_timestamp": answer.timestamp(to_us(receipt.at)),
        "total_count": len(successes) + len(failures),
        "success_count": len(successes),
        "successes": successes,
        "failure_count": len(failures),
        "failures": failures,
        "pending_count": 0,
    }
