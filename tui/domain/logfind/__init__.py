"""Finding text in a log: patterns that cannot hang, over whole blocks of lines."""
