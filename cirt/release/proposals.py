"""Releases as the edges see them: ask, look, decide."""

from cirt.release.asking import ask_again, ask_release
from cirt.release.commands import AskAgain, AskRelease, DecideRelease
from cirt.release.deciding import Outcome, decide_release
from cirt.release.queries import ProposalView, proposal_view, proposals
from cirt.release.undecided import undecided_of

__all__ = [
    "AskAgain",
    "AskRelease",
    "DecideRelease",
    "Outcome",
    "ProposalView",
    "ask_again",
    "ask_release",
    "decide_release",
    "proposal_view",
    "proposals",
    "undecided_of",
]
