"""Models as files that others read and write. Read `huggingface` with `config_file`, then
`safetensors_file` with `settings` (what its metadata says of config.json), then `json_file` and `files`.
"""
