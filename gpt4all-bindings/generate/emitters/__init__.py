"""One file for each thing that is generated, found by being here. README.md shows how to write another one."""
