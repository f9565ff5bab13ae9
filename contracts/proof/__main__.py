"""python -m contracts.proof FILE: the checker."""

import sys

from contracts.proof.checker import main

sys.exit(main(sys.argv[1:]))
