"""From public question sets to the reader that comes with Assay: `make train-reader`. Knows nothing of how its readings are used."""
