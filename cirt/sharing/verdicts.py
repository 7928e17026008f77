"""Verdicts, and each rule's one sentence that says why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cirt.kernel.text import mark


class Verdict(StrEnum):
    """From the mildest to the strictest."""

    YES = "yes"  # with the ordinary approval of one other person
    NEEDS_APPROVAL = "needs-approval"  # of two others
    NEEDS_PERMISSION = "needs-permission"  # of the source, on record
    NO = "no"

    @property
    def strictness(self) -> int:
        return _STRICTNESS[self]


_STRICTNESS = {verdict: rank for rank, verdict in enumerate(Verdict)}


@dataclass(frozen=True, slots=True)
class Decision:
    """``rule`` is stable and names the sentence in RULES that says why."""

    verdict: Verdict
    rule: str
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """Marked for translation, with {values}."""
        return RULES[self.rule].sentence

    @property
    def approvals(self) -> int | None:
        """How many others must approve before it leaves; None where no approval is enough."""
        return _APPROVALS.get(self.verdict)

    def lets_leave(self, *, approved: bool = True) -> bool:
        """Whether it may leave now. ``approved``: those whom this verdict needs have approved."""
        return self.verdict is Verdict.YES or (approved and self.verdict is Verdict.NEEDS_APPROVAL)


_APPROVALS = {Verdict.YES: 1, Verdict.NEEDS_APPROVAL: 2}


@dataclass(frozen=True, slots=True)
class Rule:
    verdict: Verdict
    sentence: str


RULES: dict[str, Rule] = {
    "table-yes": Rule(
        Verdict.YES, mark("{tlp} may go to {reader} under {agreement}, within its marking.")
    ),
    "table-two": Rule(
        Verdict.NEEDS_APPROVAL, mark("{tlp} goes to {reader} only if two others approve.")
    ),
    "table-permission": Rule(
        Verdict.NEEDS_PERMISSION,
        mark("{tlp} came from another organisation, which must first permit that {reader} has it."),
    ),
    "table-no": Rule(Verdict.NO, mark("{tlp} does not go to {reader} under {agreement}.")),
    "read-back": Rule(Verdict.YES, mark("{reader} brought this and may read it back.")),
    "peer-suspended": Rule(Verdict.NO, mark("{reader} is suspended.")),
    "agreement-none": Rule(Verdict.NO, mark("There is no agreement with {reader}.")),
    "agreement-draft": Rule(Verdict.NO, mark("{agreement} with {reader} is only a draft.")),
    "agreement-suspended": Rule(Verdict.NO, mark("{agreement} with {reader} is suspended.")),
    "agreement-ended": Rule(Verdict.NO, mark("{agreement} with {reader} has ended.")),
    "agreement-not-yet": Rule(
        Verdict.NO, mark("{agreement} with {reader} begins on {from}, not before.")
    ),
    "agreement-takes-only": Rule(
        Verdict.NO, mark("Under {agreement} we take from {reader} and give nothing.")
    ),
    "agreement-gives-only": Rule(
        Verdict.NO, mark("Under {agreement} we give to {reader} and take nothing.")
    ),
    "ceiling": Rule(Verdict.NO, mark("{tlp} is above {ceiling}, the most of {agreement}.")),
    "ceiling-in": Rule(
        Verdict.NO,
        mark("{tlp} is above {ceiling_in}, the most that {reader} may send under {agreement}."),
    ),
    "type": Rule(Verdict.NO, mark("{agreement} does not name objects of type {type}.")),
    "sector-unknown": Rule(
        Verdict.NO, mark("{agreement} names sectors, and no sector was stated for this.")
    ),
    "sector": Rule(Verdict.NO, mark("{agreement} does not name the sector {sector}.")),
    "default-marking": Rule(
        Verdict.NO,
        mark("It carries no marking, and {reader} would read it as {default}, not as {tlp}."),
    ),
    "red-to-organisations": Rule(
        Verdict.NO, mark("TLP:RED goes to named persons only, never to an organisation.")
    ),
    "red-arrival": Rule(Verdict.NO, mark("TLP:RED is not taken here. Hand it to a named person.")),
    "echo-bringer": Rule(Verdict.NO, mark("{reader} brought this itself.")),
    "echo-creator": Rule(Verdict.NO, mark("It names {reader} as its creator.")),
    "version-conflict": Rule(
        Verdict.NO,
        mark(
            "This version came twice with different content. It is not relayed until it is solved."
        ),
    ),
    "end-withheld": Rule(
        Verdict.NO, mark("It names {end}, which may not go to {reader}, and so it stays too.")
    ),
    "recall": Rule(
        Verdict.YES, mark("{reader} had this and is told that it is revoked, and nothing else.")
    ),
    "never-had-it": Rule(Verdict.NO, mark("{reader} never had what this revokes.")),
    "letter-known": Rule(
        Verdict.YES, mark("{reader} had this, or brought it, and may be told by letter of it.")
    ),
    "letter-unknown": Rule(
        Verdict.NO, mark("{reader} never had this, so no letter to it may name it.")
    ),
    "inbox": Rule(Verdict.NO, mark("An inbox is written to, never read.")),
    "arrival-yes": Rule(Verdict.YES, mark("{agreement} lets {reader} send this.")),
    "staff-yes": Rule(Verdict.YES, mark("Your team may read this.")),
    "staff-role": Rule(Verdict.NO, mark("Your role does not read content.")),
    "red-named": Rule(Verdict.YES, mark("You are named on this TLP:RED.")),
    "red-not-named": Rule(Verdict.NO, mark("TLP:RED is for the persons named on it.")),
    "named-two": Rule(
        Verdict.NEEDS_APPROVAL,
        mark("{tlp} goes to {person} of {reader} by encrypted mail, only if two others approve."),
    ),
    "named-level": Rule(
        Verdict.NO,
        mark("{tlp} goes to named persons only under a memorandum with confidentiality."),
    ),
    "named-removed": Rule(Verdict.NO, mark("{person} is not named in {named_in} any more.")),
    "named-elsewhere": Rule(
        Verdict.NO,
        mark("{person} is named in {named_in}, which is not the agreement with {reader} now."),
    ),
    "named-no-key": Rule(
        Verdict.NO, mark("There is no PGP key of {person}, and mail to them goes encrypted only.")
    ),
    "named-key-old": Rule(
        Verdict.NO, mark("The PGP key of {person} has expired. Ask for a new one first.")
    ),
    "letter-open": Rule(
        Verdict.YES,
        mark("It goes to {reader} by mail that is not encrypted: others may read it on its way."),
    ),
    "letter-sealed": Rule(Verdict.YES, mark("It goes to {reader} by mail, encrypted.")),
    "letter-red": Rule(
        Verdict.NO, mark("TLP:RED never goes by mail from here. Tell the person yourself.")
    ),
    "letter-held": Rule(
        Verdict.NO,
        mark(
            "Nothing goes to {reader} from here: what holds it back is not open to you. Ask a lead what may be said."
        ),
    ),
    "letter-needs-key": Rule(
        Verdict.NO,
        mark(
            "{tlp} goes by mail only if encrypted, and we have no PGP key of {reader}. Who has a "
            "follow-up code reads it on the follow-up page; others must be called."
        ),
    ),
    "letter-names-other": Rule(
        Verdict.NO,
        mark("It names {id}, which {reader} did not send here. Take that out of the letter."),
    ),
    "letter-quotes": Rule(
        Verdict.NO,
        mark("It quotes something of what is here that {reader} did not send. Take that out."),
    ),
    "public-yes": Rule(Verdict.YES, mark("TLP:CLEAR may go to everybody.")),
    "permitted": Rule(
        Verdict.YES, mark("Its source has permitted that {reader} has it: that is on record.")
    ),
    "transit": Rule(
        Verdict.NO,
        mark(
            "Another peer brought it. It goes on to {reader} only where both agreements allow that what is "
            "brought is passed on."
        ),
    ),
    "source-unnamed": Rule(
        Verdict.NO,
        mark(
            "It names who made it, and the agreement with the peer that brought it does not let its source be named."
        ),
    ),
    "personal-two": Rule(
        Verdict.NEEDS_APPROVAL,
        mark("It holds personal data, so it goes to {reader} only if two others approve."),
    ),
    "personal-not-agreed": Rule(
        Verdict.NO, mark("It holds personal data, which {agreement} with {reader} does not allow.")
    ),
    "personal-public": Rule(
        Verdict.NO, mark("It holds personal data, which does not go to the public.")
    ),
    "do-not-share": Rule(Verdict.NO, mark("It names something that is on the do-not-share list.")),
    "iep-not-begun": Rule(Verdict.NO, mark("Its policy (IEP) begins on {begins}, not before.")),
    "iep-ended": Rule(Verdict.NO, mark("Its policy (IEP) ended on {ends}.")),
    "iep-unnamed": Rule(
        Verdict.NO,
        mark(
            "Its policy (IEP) forbids naming its source, which its bytes do: it is not passed on."
        ),
    ),
    "iep-nothing": Rule(
        Verdict.NO, mark("Its policy (IEP) lets us keep and read it, and do nothing else with it.")
    ),
    "iep-ask": Rule(
        Verdict.NEEDS_PERMISSION,
        mark("Its policy (IEP) asks that its source be asked before it is passed on."),
    ),
    "iep-ask-us": Rule(
        Verdict.NEEDS_APPROVAL,
        mark(
            "Its policy (IEP) asks that its source be asked, which is us: it goes to {reader} only if two others approve."
        ),
    ),
    "pap": Rule(Verdict.NO, mark("{pap} does not allow this with it.")),
    "pap-yes": Rule(Verdict.YES, mark("{pap} allows this with it.")),
    "creator-withheld": Rule(
        Verdict.NO,
        mark("It names {end} as its maker, which may not be known to {reader}, and so it stays."),
    ),
    "reference-withheld": Rule(
        Verdict.NO, mark("It is about {end}, which may not go to {reader}, and so it stays too.")
    ),
    "public-no": Rule(Verdict.NO, mark("{tlp} does not go to the public.")),
}
