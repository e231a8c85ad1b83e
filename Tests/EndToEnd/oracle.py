"""What calls must cost, computed apart from the gateway: from the upstream's usage and the prices, in whole pico-dollars."""

from decimal import Decimal
from fractions import Fraction

PICO = 10**12

# Dollars per 1,000 tokens, as the end-to-end catalogue says them.
PRICES = {
    "input": "0.00015",
    "cache_read": "0.000075",
    "output": "0.0006",
    "reasoning": "0.0007",
}


def picos(dollars):
    """A decimal string of dollars as whole pico-dollars; raises if it is finer than that."""
    value = Fraction(Decimal(dollars)) * PICO
    assert value.denominator == 1, f"{dollars} is no whole number of pico-dollars"
    return value.numerator


def dollars(amount):
    return f"{Decimal(amount) / PICO:f}"


def classes(usage):
    """OpenAI's counts as disjoint classes: prompt contains cached, completion contains reasoning."""
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    reasoning = (usage.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0
    return {
        "input": usage["prompt_tokens"] - cached,
        "cache_read": cached,
        "output": usage.get("completion_tokens", 0) - reasoning,
        "reasoning": reasoning,
    }


def price_of(usage, multiplier=Fraction(1)):
    """The exact charge in pico-dollars."""
    total = sum(Fraction(count) * picos(PRICES[name]) / 1000 for name, count in classes(usage).items()) * multiplier
    assert total.denominator == 1, "the test's own price does not come out even"
    return total.numerator


def hold_of(context_length, output_tokens, choices=1):
    """The worst case of a call whose body is longer than the model's context."""
    dearest_input, dearest_output = picos(PRICES["input"]), picos(PRICES["reasoning"])
    total = Fraction(context_length * dearest_input + choices * output_tokens * dearest_output, 1000)
    assert total.denominator == 1
    return total.numerator
