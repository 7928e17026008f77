"""The pages, one module for each section of the desk or the counter."""

from cirt.web.pages import account, desk, help_pages, incidents, public, sign_in, triage

PAGES = (
    public.bp,
    sign_in.bp,
    account.bp,
    help_pages.bp,
    desk.bp,
    triage.bp,
    incidents.bp,
)
