"""The sums of the demo's mathematics questions: each with three mistakes and what they lead to."""

from collections.abc import Callable
from math import gcd

_Answer = tuple[str, object]
_Written = tuple[str, object, _Answer, _Answer, _Answer]
Template = Callable[[int, int, int], _Written]


def fraction(top: int, bottom: int) -> str:
    """A fraction in lowest terms.

    >>> fraction(6, 8), fraction(6, 3)
    ('3/4', '2')
    """
    shared = gcd(top, bottom)
    return f"{top // shared}/{bottom // shared}" if bottom != shared else str(top // shared)


# By cluster of the standards, else by domain. a, b and k are small numbers, all different.
SUMS: dict[str, Template] = {
    "RP.A": lambda a, b, k: (
        f"A recipe takes {a} cups of flour to {b} cups of milk. How much flour goes with "
        f"{b * k} cups of milk?",
        a * k,
        ("Adds the same amount instead of multiplying", a + b * k - b),
        ("Turns the ratio round", fraction(b * b * k, a)),
        ("Does not scale the first quantity", a),
    ),
    "NS.A": lambda a, b, k: (
        f"What is {fraction(a, 10)} ÷ {fraction(1, k)}?",
        fraction(a * k, 10),
        ("Multiplies instead of dividing", fraction(a, 10 * k)),
        ("Inverts the wrong fraction", fraction(10, a * k)),
        ("Divides the tops only", fraction(a, k)),
    ),
    "NS.B": lambda a, b, k: (
        f"What is the greatest common factor of {a * k} and {b * k}?",
        gcd(a * k, b * k),
        ("Takes the least common multiple", a * b * k // gcd(a, b)),
        ("Stops at a smaller common factor", 1),
        ("Takes the difference", abs(a - b) * k),
    ),
    "NS.C": lambda a, b, k: (
        f"At dawn it is −{a + k} °C, at noon it is {b} °C. By how much has it risen?",
        a + b + k,
        ("Drops the minus sign", abs(a + k - b)),
        ("Reads the last number as the change", b),
        ("Answers with a negative rise", -(a + b + k)),
    ),
    "7.NS": lambda a, b, k: (
        f"What is −{a * k} − (−{b})?",
        -a * k + b,
        ("Reads minus a negative as minus", -a * k - b),
        ("Drops both signs", a * k + b),
        ("Turns the sign of the answer", a * k - b),
    ),
    "EE.A": lambda a, b, k: (
        f"Which is the same as {a}(x + {b}) + {k}x?",
        f"{a + k}x + {a * b}",
        ("Multiplies the first term only", f"{a + k}x + {b}"),
        ("Adds unlike terms", f"{a + k + a * b}x"),
        ("Multiplies where it should add", f"{a * k}x + {a * b}"),
    ),
    "8.EE.A": lambda a, b, k: (
        f"Which is the same as {k}^{a} · {k}^{b}?",
        f"{k}^{a + b}",
        ("Multiplies the exponents", f"{k}^{a * b}"),
        ("Multiplies the bases", f"{k * k}^{a + b}"),
        ("Adds the powers", f"{2 * k}^{a + b}"),
    ),
    "EE.B": lambda a, b, k: (
        f"Solve {a}x + {b} = {a * k + b}.",
        k,
        ("Adds instead of subtracting", fraction(a * k + 2 * b, a)),
        ("Does not divide at the end", a * k),
        ("Divides one side only", a * k + b),
    ),
    "EE.C": lambda a, b, k: (
        f"Tickets cost ${a} each plus a fee of ${b}. What do {k} tickets cost?",
        a * k + b,
        ("Charges the fee for every ticket", (a + b) * k),
        ("Forgets the fee", a * k),
        ("Adds all the numbers", a + b + k),
    ),
    "8.EE.C": lambda a, b, k: (
        f"Solve {a + k}x − {b} = {k}x + {a * k - b}.",
        k,
        ("Adds the x terms across the sign", fraction(a * k, a + 2 * k)),
        ("Does not divide at the end", a * k),
        ("Moves the constant with the wrong sign", fraction(a * k - 2 * b, a)),
    ),
    "G.A": lambda a, b, k: (
        f"A triangle has a base of {2 * a} cm and a height of {b + k} cm. What is its area?",
        f"{a * (b + k)} cm²",
        ("Forgets the half", f"{2 * a * (b + k)} cm²"),
        ("Adds the sides", f"{2 * a + b + k} cm²"),
        ("Takes the perimeter of the box", f"{2 * (2 * a + b + k)} cm²"),
    ),
    "8.G.A": lambda a, b, k: (
        f"Point ({a}, {b + k}) is reflected in the y-axis. Where does it go?",
        f"(−{a}, {b + k})",
        ("Reflects in the x-axis", f"({a}, −{b + k})"),
        ("Turns it half round", f"(−{a}, −{b + k})"),
        ("Swaps the coordinates", f"({b + k}, {a})"),
    ),
    "G.B": lambda a, b, k: (
        f"Two angles on a line measure {10 * a + k}° and x. What is x?",
        f"{180 - 10 * a - k}°",
        ("Uses a right angle", f"{abs(90 - 10 * a - k)}°"),
        ("Takes them for equal", f"{10 * a + k}°"),
        ("Uses a full turn", f"{360 - 10 * a - k}°"),
    ),
    "8.G.B": lambda a, b, k: (
        f"A right triangle has legs of {3 * k} and {4 * k}. How long is the third side?",
        5 * k,
        ("Adds the legs", 7 * k),
        ("Forgets the square root", 25 * k * k),
        ("Subtracts the legs", k),
    ),
    "G.C": lambda a, b, k: (
        f"A cylinder has radius {a} and height {b + k}. What is its volume?",
        f"{a * a * (b + k)}π",
        ("Does not square the radius", f"{a * (b + k)}π"),
        ("Takes the lateral area", f"{2 * a * (b + k)}π"),
        ("Squares the height", f"{a * (b + k) ** 2}π"),
    ),
    "SP": lambda a, b, k: (
        f"What is the median of {a}, {a + b}, {a + b + k}, {a + b + 2 * k}, {a + 20 + 7 * k}?",
        a + b + k,
        ("Takes the mean for the median", fraction(5 * a + 3 * b + 10 * k + 20, 5)),
        ("Takes the range", 20 + 7 * k),
        ("Takes the first value", a),
    ),
    "SP.C": lambda a, b, k: (
        f"A bag holds {a} red and {b} blue counters. How likely is red?",
        fraction(a, a + b),
        ("Compares part to part", fraction(a, b)),
        ("Answers for the other colour", fraction(b, a + b)),
        ("Takes every colour as equally likely", f"1/{2 + k}"),
    ),
    "8.NS": lambda a, b, k: (
        f"Between which whole numbers does √{k * k + a} lie?"
        if a < 2 * k + 1
        else f"Between which whole numbers does √{k * k + 1} lie?",
        f"{k} and {k + 1}",
        ("Halves the number instead of taking the root", f"{(k * k) // 2} and {k * k // 2 + 1}"),
        ("Takes the square for the root", f"{k * k} and {k * k + 1}"),
        ("Is one whole number too high", f"{k + 1} and {k + 2}"),
    ),
    "7.G.A": lambda a, b, k: (
        f"On a plan 2 cm stands for {2 * k} m. A wall is {a + b} cm long. How long is it really?",
        f"{(a + b) * k} m",
        ("Does not reduce the scale to 1 cm", f"{(a + b) * 2 * k} m"),
        ("Adds instead of multiplying", f"{a + b + 2 * k} m"),
        ("Divides by the scale", f"{fraction(a + b, k)} m"),
    ),
    "8.SP": lambda a, b, k: (
        f"A line of fit is y = {a}x + {b}. What does it predict for x = {k}?",
        a * k + b,
        ("Adds before it multiplies", a * (k + b)),
        ("Reads the starting value as the prediction", b),
        ("Forgets the starting value", a * k),
    ),
    "F": lambda a, b, k: (
        f"y = {a}x + {b}. What is y when x = {k}?",
        a * k + b,
        ("Adds before it multiplies", a * (k + b)),
        ("Takes the slope for the starting value", a + b * k),
        ("Forgets the starting value", a * k),
    ),
    "8.EE.B": lambda a, b, k: (
        f"A line goes through (0, {b}) and ({k}, {a * k + b}). What is its slope?",
        a,
        ("Divides across by up", fraction(1, a)),
        ("Takes the starting value", b),
        ("Takes the last y", a * k + b),
    ),
}
