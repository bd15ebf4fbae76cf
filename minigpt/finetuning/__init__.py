"""A pretrained GPT learns a task. Read `prompt_format` and `records` (what is learned from), then `padding`
(batches), then what is trained: `classifier`, `lora` and its file format, `dpo`; last `answers`, `metrics`.
"""
