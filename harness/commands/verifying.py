"""`verify TARGET …`: the same as `pytest --function-app TARGET …`, quicker to start.

Other packages' pytest plugins are left out: loading them takes most of a small run, and the suites
do not use them.
"""

from __future__ import annotations

import argparse
import runpy
import sys

__all__ = ["OTHER_PLUGINS", "verify"]

OTHER_PLUGINS = ("-p", "no:schemathesis", "-p", "no:hypothesispytest", "-p", "no:anyio")
"""What keeps the plugins of the libraries out that the harness installs."""


def verify(options: argparse.Namespace) -> int:
    """Run the suites in this process; pytest's exit status."""
    # pytest imports the plugin anew, and rewrites its suites: nothing of ours is imported yet.
    for name in [n for n in sys.modules if n.partition(".")[0] == "harness"]:
        del sys.modules[name]
    sys.argv = ["pytest", *OTHER_PLUGINS, "--function-app", options.target, *options.rest]
    try:
        runpy.run_module("pytest", run_name="__main__", alter_sys=True)
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 1
    return 0
