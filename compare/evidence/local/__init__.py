"""Local certificates: every named place of a program held against what was recorded before it."""
