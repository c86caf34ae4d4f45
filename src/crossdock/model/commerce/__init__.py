"""A shop's nouns in our own words: what every source is read into and every destination is written from.

Amounts are exact decimals in the entity's currency; times are UTC; every field states its sensitivity.
"""
