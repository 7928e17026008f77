"""One act on many ticked reports: asked, shown, done, undone."""
