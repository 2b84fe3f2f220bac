"""Whether the YAML files in .github are what GitHub expects."""

from __future__ import annotations

from collections.abc import Mapping

from ci.files import our_files, output_of

# By check-jsonschema's own names of schemas, so that nothing is fetched.
SCHEMAS: Mapping[str, tuple[str, ...]] = {
    "vendor.dependabot": (".github/dependabot.yml",),
    "vendor.github-issue-config": (".github/ISSUE_TEMPLATE/config.yml",),
    "vendor.github-issue-forms": (".github/ISSUE_TEMPLATE/*.yml", ":(exclude).github/ISSUE_TEMPLATE/config.yml"),
    "vendor.github-workflows": (".github/workflows/*.yml",),
}


def check_workflows(python: str) -> str:
    """Checks each file against GitHub's schema of its kind."""
    wrong = []
    for schema, patterns in SCHEMAS.items():
        names = our_files(*patterns)
        command = [python, "-m", "check_jsonschema", "--builtin-schema", schema, *names]
        wrong.append(output_of(command) if names else f"there is no {patterns[0]}")
    return "\n".join(filter(None, wrong))
