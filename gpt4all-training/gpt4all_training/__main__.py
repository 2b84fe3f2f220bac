"""python -m gpt4all_training: the command line."""

from __future__ import annotations

import sys

from .command_line import main

sys.exit(main())
