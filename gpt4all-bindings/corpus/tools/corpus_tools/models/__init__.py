"""Makes the small models that the corpus and the backend's tests read."""
