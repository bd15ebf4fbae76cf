"""Gaps filled, as BERT does, in place of texts continued: see `masking`, then `model`, then `gaps`."""
