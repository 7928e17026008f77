"""The pages, one module for each section of the desk or the counter."""

from cirt.web.pages import (
    account,
    admin,
    desk,
    desk_intake,
    help_pages,
    incidents,
    indicators,
    peers,
    public,
    releases,
    reporters,
    sign_in,
    sync,
    triage,
    webhook,
)

# Pages whose section's blueprint is another module's.
BESIDE = (desk_intake, reporters)

PAGES = (
    public.bp,
    sign_in.bp,
    account.bp,
    help_pages.bp,
    desk.bp,
    triage.bp,
    incidents.bp,
    indicators.bp,
    releases.bp,
    peers.bp,
    sync.bp,
    admin.bp,
    webhook.bp,
)
