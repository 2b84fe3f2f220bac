"""Everything behind the Makefile: set-up, build, the lanes of `make test`, checks. `python3 -m ci.NAME` runs a part."""
