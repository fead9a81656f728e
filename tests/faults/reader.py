"""A process that reads an index while others write to it, and says what it saw.

`python reader.py FOLDER` opens it, looks at one generation after the other until its standard input is closed, and opens it afresh
now and then: one JSON line a look, `{"generation", "held": {id: version}, "faults"}`.
"""

import json
import sys
import threading

from oracle import IDS, HashedEmbedder, Library, pinned, question, wrong_citations, wrong_view

from rag import Pipeline

#: Looks at an index before it is opened afresh.
LOOKS = 5


def look(library, turn, seen):
    """Look at one generation, and ask one question; return its number, its articles, and what is not as it must be.

    `seen` holds the versions that each article may have in the answer, whose generation may be newer.
    """
    with library.view() as view:
        held = pinned(view)
        faults = list(wrong_view(view, held))
        generation = view.generation
    name = IDS[turn % len(IDS)]
    answer = Pipeline(library, threshold=0).ask(question(name, held.get(name, 1)))
    return generation, held, faults + list(wrong_citations(answer, seen(held)))


def any_version(_):
    """Every version that tests write: which of them may be there is known to whoever writes."""
    return {name: set(range(30)) for name in IDS}


def main():
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    turn = 0
    while not over.is_set():
        with Library.open(sys.argv[1], model=HashedEmbedder(), create=False) as library:
            for _ in range(LOOKS):
                generation, held, faults = look(library, turn, any_version)
                sys.stdout.write(json.dumps({"generation": generation, "held": held, "faults": faults}) + "\n")
                sys.stdout.flush()
                turn += 1


if __name__ == "__main__":
    main()
