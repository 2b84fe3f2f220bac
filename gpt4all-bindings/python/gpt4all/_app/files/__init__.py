"""Files of this machine that the page may see, and files that are given with messages."""
