"""The fault drill: kills app, worker or server, fifty times: `python -m bench.drill`."""

from time import perf_counter
from typing import Annotated

import typer

from tests.drill import VICTIMS, WORK, drill


def bench(
    times: Annotated[int, typer.Option(help="How many blows.")] = 50,
    seed: Annotated[int, typer.Option(help="The same seed strikes in the same order.")] = 1,
) -> None:
    """Print each blow; ends with an error at the first that leaves something lost or half-done."""
    began = perf_counter()
    with drill(seed) as district:
        for number in range(times):
            work, victim = WORK[number % len(WORK)], district.random.choice(VICTIMS)
            district.once(work, victim)
            print(f"{number + 1:3} {district.done[-1]}: whole", flush=True)
        names = district.plain_names()
        assert names == [], f"plain names in {names}"
    print(f"{times} blows in {perf_counter() - began:.0f} s: nothing lost, nothing half-erased,")
    print("no plain name in any file.")


if __name__ == "__main__":
    typer.run(bench)
