"""Models as files that others read and write. Read `huggingface`, then `safetensors_file`, then `files`."""
