"""A description of all APIs, as OpenAPI has it: https://spec.openapis.org/oas/v3.1.1."""
