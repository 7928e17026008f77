"""Reports, incidents and their observables."""
