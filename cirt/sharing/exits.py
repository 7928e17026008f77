"""Every way out of the house, by name: what kind it is, whom it serves, and which leak test asks it.

Data alone, so that an auditor can read it and the tests can hold it against the program: a route, job, letter, template,
export, verb, log, error text or header that is not named here fails CI (tests/service/test_exits.py).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    ROUTE = "route"
    JOB = "job"
    LETTER = "letter"
    TEMPLATE = "template"  # a folder of them
    EXPORT = "export"
    VERB = "verb"
    LOG = "log"
    ERROR = "error"  # a value that an error text may name
    HEADER = "header"


class Audience(StrEnum):
    ANYBODY = "anybody"
    REPORTER = "reporter"  # who has the code of a report
    PEER = "peer"
    STAFF = "staff"  # signed in; each page asks for its right
    OFFICE = "office"  # administrators and auditors
    OPERATOR = "operator"  # whoever runs the program on its host


@dataclass(frozen=True, slots=True)
class Exit:
    """``asked_by`` is the leak test that asks it, as pytest names it."""

    way: Way
    name: str
    audience: Audience
    asked_by: str


_CANARY = "tests/service/test_canary.py::"
_ROUTES = f"{_CANARY}test_no_route_gives_anybody_a_canary_they_may_not_read"
_FOLLOWED = f"{_CANARY}test_reporters_read_the_state_what_was_asked_and_what_they_sent"
_VERBS = f"{_CANARY}test_the_console_prints_no_content"
_JOBS = f"{_CANARY}test_no_job_tells_the_log_or_its_own_row_a_canary"
_CARRIED = f"{_CANARY}test_no_carried_file_holds_a_canary_that_its_peer_may_not_read"
_FILES = f"{_CANARY}test_no_export_holds_a_canary_that_its_audience_may_not_read"
_FEEDS = f"{_CANARY}test_no_feed_folder_holds_a_canary_that_its_peer_may_not_read"
_TWINS = "tests/service/test_differential.py::test_what_is_hidden_changes_no_answer"
_LETTERS = "tests/service/test_differential.py::test_what_is_hidden_changes_no_mail"
_OF_RECALLS = "tests/service/test_recall_whole.py::test_a_letter_names_the_object_and_nothing_of_it_and_goes_once"
_OF_ARRIVALS = "tests/service/test_quarantine_letters.py::test_a_letter_tells_nothing_that_the_peer_did_not_send"
_TO_PERSONS = "tests/service/test_named_persons.py::test_the_mail_holds_the_exact_objects_for_that_key_alone_and_goes_once"
_TO_LEADS = (
    "tests/service/test_agreement_ends.py::test_leads_get_a_mail_that_says_which_when_and_where"
)
_OF_ALERTS = "tests/service/test_health.py::test_leads_get_one_mail_that_names_the_line_and_nothing_that_a_peer_wrote"

# Endpoints, by what stands before their last name.
_ROUTE_NAMES: dict[Audience, dict[str, str]] = {
    Audience.ANYBODY: {
        "": "health_live health_ready metrics",
        "web": "static nowhere",
        "web.public": "home report send_report sent_report child status",
        "web.sign_in": "ask enter",
        "web.account": "theme set_theme",
        "web.help": "keys",
    },
    Audience.REPORTER: {
        "web.public": "show_status answer answered",
        "web.webhook": "take",
    },
    Audience.PEER: {
        "taxii": "discovery api_root status collections collection manifest objects add_objects "
        "one_object remove_object versions",
    },
    Audience.STAFF: {
        "web.sign_in": "leave",
        "web.account": "account set_language password set_password",
        "web.desk": "desk",
        "web.triage": "queue agencies new_agency add_agency agency change_agency drop_agency new_report "
        "enter_report entered answers message report_dialogue write_to_reporter read_report_answers tick bulk "
        "confirm undo_all intake attachment claim put_back undo set_sector decide split unlink unmerge new_view "
        "keep_view drop",
        "web.incidents": "new_attack add_attack_event attack save_attack close save_close incident constituents "
        "add_party party save_party remove_party restore_party context save_context delete_note delete_task "
        "delete_attack ask_delete delete new open_new edit save_facts change_state save_state incidents merge "
        "merge_into unmerge write_note note save_note note_history observables paste find check decide promote relations "
        "link unlink severity save_score sharing ask tasks add tick put_playbook task save_task paper "
        "incident_dialogue write_in_incident read_incident_answers",
        "web.playbooks": "all_playbooks new add one edit save set_back",
        "web.bin": "contents bring_back",
        "web.indicators": "indicators indicator revoke save_revoke sighting save_sighting save_withdraw recall remind "
        "send_letter_now lay_aside note save_note opinion save_opinion relation save_relation who_may personal",
        "web.release": "releases new ask release decide again bundle paper withdraw recalls recall_some save_recall "
        "part prepare",
        "web.exports": "export save",
        "web.peers": "peers peer ask take_out view view_collection sightings",
        "web.agreements": "agreements new save_new agreement edit save_change stop move copy change decide member "
        "decide_membership",
        "web.agreement_persons": "persons add key save_key remove",
        "web.agreement_report": "report report_csv",
        "web.ledger": "of_peer",
        "web.permissions": "permissions new record permission end evidence",
        "web.withheld": "values new add end",
        "web.warning": "values new add end",
        "web.sync": "health run link_runs source_runs ask_expected expect check checked ask_again quarantine arrival drop_arrival "
        "solve_arrival lift new_link add link change begin pause resume estimate rehearse take_arrival undo_arrival ask_peer "
        "send_question alike decide_alike undo_alike outgoing retry let_be",
    },
    Audience.OFFICE: {
        "web.admin": "home users add_user user set_roles disable reset collections save_collection audit jobs mail "
        "set_mail mail_words save_mail_words restore_mail_words webhooks new_webhook add_webhook webhook "
        "map_webhook pause_webhook resume_webhook remove_webhook confirm_token renew_token connectors connector set_connector "
        "run_connector",
    },
}

_JOB_NAMES = (
    "agreements.warn bin.erase feeds.settle handover.send jobs.tidy ledger.account link.again link.check link.estimate link.rehearse "
    "link.sync links.watch mail.send notices.send quarantine.decide "
    "recall.remind sightings.back sources.read"
)

# Kinds of what is written to somebody: to reporters (register.dialogue), to peers on recalls (release.recalling), to
# persons named for TLP:RED (release.handing), to our own leads on agreements that end (notify).
_LETTER_NAMES = "question letter acknowledgement"
_PEER_LETTERS = "peer.closed peer.reminder peer.author"
_ARRIVAL_LETTERS = "peer.arrival"
_HANDOVERS = "person.release person.recall"
_NOTICES = "lead.end"
_ALERTS = "lead.alert"

# Folders of templates; "." are those that stand alone.
_TEMPLATE_NAMES: dict[Audience, str] = {
    Audience.ANYBODY: ". errors help public",
    Audience.STAFF: "account agreements bin desk dialogue exports incidents indicators parts peers permissions playbooks print release "
    "sync tasks timeline triage warning withheld",
    Audience.OFFICE: "admin",
}

# What a file is made of and in which format, and the bundle on a release's page.
_EXPORT_NAMES = (
    "indicators.stix indicators.csv indicators.misp object.stix object.csv object.misp release.stix release.csv "
    "release.misp collection.stix collection.csv collection.misp release.bundle"
)

_VERB_NAMES = """
agreement add, agreement change, agreement end, agreement list, agreement resume, agreement suspend, audit export,
audit verify, collection add, collection list, collection member add, collection member remove, collection show,
connector list, connector run, db check, db upgrade, demo, exchange export, exchange import, exchange key,
exchange list, feed misp, import, init, link add, link begin, link estimate, link list, link pause, link resume, link run, link set,
peer add, peer credentials, peer list, peer resume, peer set, peer show, peer sightings, peer suspend, pgp add, pgp list, pgp remove,
 quarantine drop, quarantine drop-all, quarantine groups, quarantine list, quarantine show, quarantine take,
quarantine take-all, quarantine undo, quarantine undo-all,
sync, up, user add, user disable, user enable, user list, user reset, web, webhook add, webhook list, webhook map,
webhook pause, webhook preview, webhook remove, webhook resume, webhook token, worker
"""

_LOG_NAMES = (
    "cirt.handover cirt.letter cirt.mail cirt.notice cirt.peer-letter cirt.request cirt.schema cirt.server cirt.source cirt.sync cirt.taxii cirt.up cirt.web "
    "cirt.worker"
)

# What error texts may name. A new kind of value is looked at once: who can make the program say it, and of what?
_ERROR_NAMES = (
    "address after alias allowed audience before begin bind bytes ceiling chosen collection count country day differences "
    "differs email encoding end every examples facts fields file fingerprint first free gains given host id identity "
    "ids incident into kind known last leading least letter limit limit_s line location log loses marking missing "
    "most name names needed number of origin own part path pattern peer place places port problem proposed reason "
    "reference remote report revision seen size slug state status stix_id subject text tlp to type typed url used username value "
    "version wait_s wanted what whole word words"
)

_HEADER_NAMES = (
    "allow cache-control clear-site-data content-disposition content-encoding content-language content-length content-security-policy "
    "content-type cross-origin-opener-policy date location referrer-policy retry-after set-cookie vary "
    "www-authenticate x-content-type-options x-request-id x-robots-tag x-taxii-date-added-first "
    "x-taxii-date-added-last"
)


def _routes() -> Iterator[Exit]:
    for audience, groups in _ROUTE_NAMES.items():
        by = _FOLLOWED if audience is Audience.REPORTER else _ROUTES
        for before, names in groups.items():
            for name in names.split():
                yield Exit(Way.ROUTE, f"{before}.{name}".lstrip("."), audience, by)


def _templates() -> Iterator[Exit]:
    for audience, folders in _TEMPLATE_NAMES.items():
        yield from _named(Way.TEMPLATE, folders.split(), audience, _ROUTES)


def _exports() -> Iterator[Exit]:
    for name in _EXPORT_NAMES.split():
        by = _ROUTES if name.endswith("bundle") else _FILES
        yield Exit(Way.EXPORT, name, Audience.STAFF, by)
    yield Exit(Way.EXPORT, "feed.file", Audience.PEER, _CARRIED)  # cirt exchange export
    yield Exit(Way.EXPORT, "feed.misp", Audience.PEER, _FEEDS)  # cirt feed misp


def _named(way: Way, names: Iterable[str], audience: Audience, by: str) -> list[Exit]:
    return [Exit(way, " ".join(name.split()), audience, by) for name in names]


EXITS: tuple[Exit, ...] = (
    *_routes(),
    *_named(Way.JOB, _JOB_NAMES.split(), Audience.OPERATOR, _JOBS),
    *_named(Way.LETTER, _LETTER_NAMES.split(), Audience.REPORTER, _LETTERS),
    *_named(Way.LETTER, _PEER_LETTERS.split(), Audience.PEER, _OF_RECALLS),
    *_named(Way.LETTER, _ARRIVAL_LETTERS.split(), Audience.PEER, _OF_ARRIVALS),
    *_named(Way.LETTER, _HANDOVERS.split(), Audience.PEER, _TO_PERSONS),
    *_named(Way.LETTER, _NOTICES.split(), Audience.STAFF, _TO_LEADS),
    *_named(Way.LETTER, _ALERTS.split(), Audience.STAFF, _OF_ALERTS),
    *_templates(),
    *_exports(),
    *_named(Way.VERB, _VERB_NAMES.split(","), Audience.OPERATOR, _VERBS),
    *_named(Way.LOG, _LOG_NAMES.split(), Audience.OPERATOR, _ROUTES),
    *_named(Way.ERROR, _ERROR_NAMES.split(), Audience.ANYBODY, _TWINS),
    *_named(Way.HEADER, _HEADER_NAMES.split(), Audience.ANYBODY, _ROUTES),
)


def names_of(way: Way, *audiences: Audience) -> frozenset[str]:
    """Of one way, for these audiences or for all."""
    return frozenset(
        one.name for one in EXITS if one.way is way and (not audiences or one.audience in audiences)
    )
