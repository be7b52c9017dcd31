"""Whether what was published loads, in clean processes, and is what was meant."""
