"""The pages, one module for each section of the desk or the counter."""

from cirt.web.pages import account, desk, help_pages, public, sign_in

PAGES = (public.bp, sign_in.bp, account.bp, help_pages.bp, desk.bp)
