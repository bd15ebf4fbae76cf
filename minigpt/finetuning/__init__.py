"""A pretrained GPT learns a task.

What is learned from: `prompt_format`, `records` with the files they stand in (`json_records`, `columns`) and
what they mean (`labelled`, `instructions`, `conversations`, `preferences`), `augmentation`, `splits`, and
`padding` into batches. What is trained: `objective`, then `classifier`, `last_blocks`, `lora` (its layers in
`lora_layers`, its files in `peft`, `peft_reading` and `peft_merging`), `dpo`. What comes of it: `answers`,
`metrics`.
"""
