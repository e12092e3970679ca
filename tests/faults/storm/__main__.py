"""``python -m tests.faults.storm [--minutes M] [--seed N]``: run a storm, print what is done, and count at the end."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys

from tests.faults.ground import new_ground
from tests.faults.storm.plan import Plan, plan
from tests.faults.storm.run import Outcome, Storm


def main() -> int:
    """Run it; 0 when it was survived."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.storm", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, help="replays the storm of this seed and length")
    parser.add_argument(
        "--without", metavar="FENCE", help="remove a fence of the workers, see tests/plugins/removed_fences.py"
    )
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(100_000) if given.seed is None else given.seed
    planned = plan(seed, given.minutes * 60)
    print(f"seed {seed}, {given.minutes:g} minutes, Redis {'on' if planned.redis else 'off'}", flush=True)
    outcome = asyncio.run(_run(planned, {"PROBE_REMOVED_FENCE": given.without} if given.without else {}))
    print(table(outcome), flush=True)
    return 1 if outcome.violations else 0


async def _run(planned: Plan, settings: dict[str, str]) -> Outcome:
    async with new_ground() as ground:
        storm = Storm(planned, ground.data_dir, ground.checker, lambda line: print(line, flush=True))
        return await storm.run(settings)


def table(outcome: Outcome) -> str:
    """The counts of a storm, a line for each."""
    counts = {
        **{f"fault: {fault}": times for fault, times in sorted(outcome.strikes.items())},
        "faults that came while the database was away": outcome.missed,
        **outcome.counts,
        "looks of the checker during the storm": outcome.checks,
        "violations": len(outcome.violations),
    }
    width = max(map(len, counts))
    return "\n".join(f"{name:<{width}}  {value:>7}" for name, value in counts.items())


if __name__ == "__main__":
    sys.exit(main())
