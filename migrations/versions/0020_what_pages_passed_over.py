"""Pages that passed over rows name those that they showed; what went by mail to named persons stands in the ledger.

Expand only. A page answered before names none: it counts for all that stood between its ends, as it did. Of mails
that have gone already the marking of then is not known, so that of now is taken.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("page_read", sa.Column("shown", sa.JSON()))
    op.execute(
        "INSERT INTO handed_out (peer_id, object_id, version_id, facts_id, exit, at, agreement,"
        " agreement_id, person, reference)"
        " SELECT agreement.peer_id, object_version.object_id, object_version.id,"
        " object_version.facts_id, 'mail', handover.sent_at, handover.agreement, agreement.id,"
        " agreement_person.name, proposal.reference"
        " FROM handover"
        " JOIN handover_version ON handover_version.handover_id = handover.id"
        " JOIN object_version ON object_version.id = handover_version.version_id"
        " JOIN agreement_person ON agreement_person.id = handover.person_id"
        " JOIN agreement ON agreement.id = agreement_person.agreement_id"
        " JOIN proposal ON proposal.id = handover.proposal_id"
        " WHERE handover.state = 'sent' AND handover.sent_at IS NOT NULL"
        " ORDER BY handover.sent_at, handover.id, object_version.id"
    )


def downgrade() -> None:
    op.execute("DELETE FROM handed_out WHERE exit = 'mail'")
    op.drop_column("page_read", "shown")
