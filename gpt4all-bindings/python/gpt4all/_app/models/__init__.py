"""Models for the page: which are here, which suit this machine, and getting others."""
