"""Reports that another CIRT or an agency is competent for."""
