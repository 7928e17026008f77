"""The pages: a public counter and the analysts' desk."""
