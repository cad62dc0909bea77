"""What an event costs in a chain of operators, beside other libraries.

python benchmarks/operators.py           # in an environment of its own, with aiostream
python benchmarks/operators.py --here    # in this one, without aiostream if it is not there

It takes about three minutes, prints tables, and says which of the design's budgets hold.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))  # run as a script, this is in no package

from benchmarks import environment, report
from benchmarks.alone import measure_alone
from benchmarks.chains import measure_chains
from benchmarks.counterparts import measure_counterparts
from benchmarks.inner import measure_inner
from benchmarks.measuring import Row, Scale


def main() -> int:
    """Measure, here or in an environment with the peers."""
    options = _options()
    if not options.here:
        python = environment.with_peers()
        if python is not None:
            return subprocess.run([str(python), __file__, *sys.argv[1:], "--here"]).returncode
    scale = Scale(200, 1) if options.quick else Scale(options.events, options.repeats)
    results = asyncio.run(_measure(scale))
    command = " ".join(["python benchmarks/operators.py", *_arguments()])
    sys.stdout.write(report.figures(results, command))
    if options.json:
        options.json.write_text(json.dumps(report.as_json(results, command), indent=1), "utf-8")
    if options.write:
        report.PAGE.write_text(report.page(results, command), "utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--events", type=int, default=10_000, help="in a run of one contender")
    parser.add_argument("--repeats", type=int, default=7, help="runs of each contender")
    parser.add_argument(
        "--quick", action="store_true", help="see whether it works: the times say nothing"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all times there")
    parser.add_argument(
        "--write", action="store_true", help=f"write {report.PAGE.name} beside this file"
    )
    parser.add_argument("--here", action="store_true", help="do not install anything")
    return parser.parse_args()


def _arguments() -> list[str]:
    return [argument for argument in sys.argv[1:] if argument != "--here"]


async def _measure(scale: Scale) -> report.Results:
    gc.freeze()  # what was imported, so that a collection does not go through it each time
    parts: list[Sequence[Row]] = []
    for measure in (measure_chains, measure_counterparts, measure_alone, measure_inner):
        sys.stderr.write(f"{measure.__name__.replace('_', ' ')} ...\n")
        parts.append(await measure(scale))
    return report.Results(scale, *parts)


if __name__ == "__main__":
    sys.exit(main())
