"""Files: what people bring, what we write, and how it is written whole or not at all."""
