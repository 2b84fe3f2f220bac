"""Makes what each language needs of llmodel.h and llmodel.schema.json. README.md says how."""
