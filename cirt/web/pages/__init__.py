"""The pages, one module for each section of the desk or the counter."""

from cirt.web.pages import (
    account,
    admin,
    admin_mail,
    admin_webhooks,
    agencies,
    desk,
    desk_intake,
    help_pages,
    incidents,
    indicators,
    peers,
    playbooks,
    public,
    releases,
    reporters,
    sign_in,
    sync,
    the_bin,
    triage,
    triage_bulk,
    triage_joins,
    triage_report,
    triage_views,
    webhook,
)

# Modules that add to a section's blueprint need only be there.
BESIDE = (
    admin_mail,
    admin_webhooks,
    agencies,
    desk_intake,
    reporters,
    triage_bulk,
    triage_joins,
    triage_report,
    triage_views,
)

PAGES = (
    public.bp,
    sign_in.bp,
    account.bp,
    help_pages.bp,
    desk.bp,
    triage.bp,
    incidents.bp,
    playbooks.bp,
    the_bin.bp,
    indicators.bp,
    releases.bp,
    peers.bp,
    sync.bp,
    admin.bp,
    webhook.bp,
)
