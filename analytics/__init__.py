"""Pure maths: mastery, rules, item analysis; values in, values out, no I/O."""
