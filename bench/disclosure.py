"""How long it takes to protect a table with its totals, and how much of it is then shown.

Run with `python -m bench.disclosure`; it needs no database.
"""

from statistics import median
from time import process_time
from typing import Final

import numpy as np

from analytics.disclosure import Cell, Table, linked, protect

CASES: Final = ((30, 8, 40, 5), (30, 8, 12, 5), (30, 8, 12, 10), (30, 8, 8, 10), (100, 13, 40, 5))
REPEATS: Final = 5


def crossing(rows: int, columns: int) -> Table:
    """So many schools by so many grades, with every total."""
    cells: list[list[Cell]] = [
        [("cell", f"{i}", f"{j}") for j in range(columns)] for i in range(rows)
    ]
    sums: list[tuple[Cell, list[Cell]]] = [(("row", f"{i}"), cells[i]) for i in range(rows)]
    sums += [(("column", f"{j}"), [row[j] for row in cells]) for j in range(columns)]
    sums += [(("all",), [("row", f"{i}") for i in range(rows)])]
    sums += [(("all",), [("column", f"{j}") for j in range(columns)])]
    return linked(sums)


def main() -> None:
    """Prints a line a case: seconds, cells that are small, and cells hidden."""
    for rows, columns, mean, k in CASES:
        table, taken, small, hidden = crossing(rows, columns), [], [], []
        for seed in range(REPEATS):
            rng = np.random.default_rng(seed)
            drawn = rng.negative_binomial(2, 2 / (2 + mean), (rows, columns))
            found: dict[Cell, float] = {("all",): float(drawn.sum())}
            for i in range(rows):
                found["row", f"{i}"] = drawn[i].sum()
                for j in range(columns):
                    found["cell", f"{i}", f"{j}"] = drawn[i, j]
                    found["column", f"{j}"] = drawn[:, j].sum()
            counts = table.array(found)
            began = process_time()
            mask = protect(table, counts, counts < k, k)
            taken.append(process_time() - began)
            small.append(int((counts < k).sum()))
            hidden.append(len(table) if mask is None else int(mask.sum()))
        print(
            f"{rows} x {columns}, about {mean} a cell, k = {k}: {median(taken):.2f} s of CPU "
            f"(at most {max(taken):.2f}); {median(small):.0f} of {len(table)} cells are small, "
            f"{median(hidden):.0f} hidden"
        )


if __name__ == "__main__":
    main()
