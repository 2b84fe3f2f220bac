"""What grammars make of JSON Schemas: of the official test suite's, and of those that are met in practice."""
