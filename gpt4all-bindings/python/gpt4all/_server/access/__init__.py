"""Who may ask, and what: pages of other sites, names of other machines, keys, sizes."""
