"""How the graphs look: DOT texts, and what Graphviz draws of them."""
