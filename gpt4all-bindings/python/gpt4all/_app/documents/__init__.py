"""The person's documents: kept up to date beside the requests, searched, and shown."""
