"""The pages, one module for each section of the desk or the counter."""

from cirt.web.pages import (
    account,
    admin,
    desk,
    help_pages,
    incidents,
    indicators,
    peers,
    playbooks,
    public,
    releases,
    sign_in,
    sync,
    the_bin,
    triage,
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
)
